/** What lies over the points: arrows, ways, markers, the point under the pointer, the lasso. */

import type { ArrowStyle, Marker, Path, Theme } from "./scatter";

export interface Highlight {
  readonly px: number;
  readonly py: number;
  readonly colour: string;
  readonly radius: number;
}

export interface Overlay {
  readonly theme: Theme;
  readonly width: number;
  readonly height: number;
  readonly screen: (x: number, y: number) => [number, number];
  readonly arrows: Float32Array | null;
  readonly arrowStyle: ArrowStyle;
  readonly paths: readonly Path[];
  readonly markers: readonly Marker[];
  readonly highlight: Highlight | null;
  /** Corners in px of the lasso being drawn. */
  readonly lasso: readonly number[] | null;
  /** The middle of the view is marked while the keyboard moves it. */
  readonly crosshair: boolean;
}

type Pen = CanvasRenderingContext2D;
const MOST_ARROWS = 3000;

export function drawOverlay(pen: Pen, overlay: Overlay): void {
  pen.lineCap = "round";
  pen.lineJoin = "round";
  drawArrows(pen, overlay);
  for (const path of overlay.paths) drawPath(pen, path, overlay);
  if (overlay.highlight !== null) drawHighlight(pen, overlay.highlight, overlay.theme);
  for (const marker of overlay.markers) drawMarker(pen, marker, overlay);
  if (overlay.crosshair) drawCross(pen, overlay.width / 2, overlay.height / 2, overlay.theme);
  if (overlay.lasso !== null) drawLasso(pen, overlay.lasso, overlay.theme);
  pen.globalAlpha = 1;
}

/** Arrows in sight; where there are too many to tell apart, every so manieth. */
function drawArrows(pen: Pen, { arrows, arrowStyle, screen, width, height, theme }: Overlay): void {
  if (arrows === null) return;
  const seen: number[] = [];
  for (let i = 0; i + 3 < arrows.length; i += 4) {
    const [ax, ay] = screen(arrows[i] as number, arrows[i + 1] as number);
    const [bx, by] = screen(arrows[i + 2] as number, arrows[i + 3] as number);
    if (Math.max(ax, bx) < 0 || Math.min(ax, bx) > width) continue;
    if (Math.max(ay, by) < 0 || Math.min(ay, by) > height) continue;
    seen.push(i / 4, ax, ay, bx, by);
  }
  const step = 5 * Math.max(1, Math.ceil(seen.length / 5 / MOST_ARROWS));
  const strokes = new Map<string, Path2D>();
  for (let i = 0; i < seen.length; i += step) {
    const [which, ax, ay, bx, by] = seen.slice(i, i + 5) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const colour = arrowStyle.colours?.[which] ?? arrowStyle.colour ?? theme.ink;
    let stroke = strokes.get(colour);
    if (stroke === undefined) {
      stroke = new Path2D();
      strokes.set(colour, stroke);
    }
    addArrow(stroke, [ax, ay, bx, by], arrowStyle.head ?? 6);
  }
  const line = arrowStyle.width ?? 1.4;
  for (const [colour, stroke] of strokes) {
    pen.globalAlpha = 0.5 * (arrowStyle.opacity ?? 1);
    pen.strokeStyle = theme.paper;
    pen.lineWidth = line + 1.6;
    pen.stroke(stroke);
    pen.globalAlpha = arrowStyle.opacity ?? 1;
    pen.strokeStyle = colour;
    pen.lineWidth = line;
    pen.stroke(stroke);
  }
}

function addArrow(
  stroke: Path2D,
  [ax, ay, bx, by]: readonly number[] & { length: 4 },
  head: number,
) {
  const [fromX, fromY, toX, toY] = [ax as number, ay as number, bx as number, by as number];
  const length = Math.hypot(toX - fromX, toY - fromY);
  stroke.moveTo(fromX, fromY);
  stroke.lineTo(toX, toY);
  const size = Math.min(head, length * 0.45);
  if (size < 1.5) return;
  const angle = Math.atan2(toY - fromY, toX - fromX);
  for (const turn of [2.65, -2.65]) {
    stroke.moveTo(toX, toY);
    stroke.lineTo(toX + size * Math.cos(angle + turn), toY + size * Math.sin(angle + turn));
  }
}

function drawPath(pen: Pen, path: Path, { screen, theme }: Overlay): void {
  const line = new Path2D();
  const dots = new Path2D();
  for (let i = 0; i + 1 < path.points.length; i += 2) {
    const [x, y] = screen(path.points[i] as number, path.points[i + 1] as number);
    if (i === 0) line.moveTo(x, y);
    else line.lineTo(x, y);
    dots.moveTo(x + 3.2, y);
    dots.arc(x, y, 3.2, 0, 2 * Math.PI);
  }
  const width = path.width ?? 2.2;
  pen.globalAlpha = 0.85;
  pen.strokeStyle = theme.paper;
  pen.lineWidth = width + 2.4;
  pen.stroke(line);
  pen.globalAlpha = 1;
  pen.strokeStyle = path.colour ?? theme.model;
  pen.lineWidth = width;
  pen.setLineDash([...(path.dash ?? [])]);
  pen.stroke(line);
  pen.setLineDash([]);
  if (path.dots !== true) return;
  pen.fillStyle = theme.paper;
  pen.lineWidth = 1.6;
  pen.fill(dots);
  pen.stroke(dots);
}

function drawHighlight(pen: Pen, { px, py, colour, radius }: Highlight, theme: Theme): void {
  ring(pen, px, py, radius + 4.5, theme.paper, 5);
  ring(pen, px, py, radius + 4, theme.ink, 1.8);
  pen.beginPath();
  pen.arc(px, py, radius + 1, 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.fill();
}

function drawMarker(pen: Pen, marker: Marker, { screen, theme }: Overlay): void {
  const [x, y] = screen(marker.x, marker.y);
  const colour = marker.colour ?? theme.model;
  if (marker.kind === "cross") drawCross(pen, x, y, theme, colour);
  else if (marker.kind === "dot") {
    ring(pen, x, y, 4, theme.paper, 4);
    pen.fillStyle = colour;
    pen.fill();
  } else if (marker.kind === "ring") {
    ring(pen, x, y, 9, theme.paper, 5.5);
    ring(pen, x, y, 9, colour, 2.6);
  } else drawDrop(pen, x, y, colour, theme);
  if (marker.label) label(pen, marker.label, x, y - (marker.kind === "drop" ? 28 : 15), theme);
}

/** A pin whose point is on the place. */
function drawDrop(pen: Pen, x: number, y: number, colour: string, theme: Theme): void {
  pen.beginPath();
  pen.moveTo(x, y);
  pen.bezierCurveTo(x - 2.5, y - 7, x - 8, y - 9.5, x - 8, y - 15.5);
  pen.arc(x, y - 15.5, 8, Math.PI, 0);
  pen.bezierCurveTo(x + 8, y - 9.5, x + 2.5, y - 7, x, y);
  pen.strokeStyle = theme.paper;
  pen.lineWidth = 3;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
  pen.beginPath();
  pen.arc(x, y - 15.5, 3, 0, 2 * Math.PI);
  pen.fillStyle = theme.paper;
  pen.fill();
}

function drawCross(pen: Pen, x: number, y: number, theme: Theme, colour = theme.ink): void {
  const arms = new Path2D();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    arms.moveTo(x + 4 * dx, y + 4 * dy);
    arms.lineTo(x + 11 * dx, y + 11 * dy);
  }
  pen.strokeStyle = theme.paper;
  pen.lineWidth = 4.5;
  pen.stroke(arms);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.8;
  pen.stroke(arms);
}

function drawLasso(pen: Pen, corners: readonly number[], theme: Theme): void {
  const line = new Path2D();
  for (let i = 0; i + 1 < corners.length; i += 2) {
    line.lineTo(corners[i] as number, corners[i + 1] as number);
  }
  line.closePath();
  pen.globalAlpha = 0.1;
  pen.fillStyle = theme.model;
  pen.fill(line, "nonzero");
  pen.globalAlpha = 1;
  pen.strokeStyle = theme.paper;
  pen.lineWidth = 4;
  pen.stroke(line);
  pen.strokeStyle = theme.model;
  pen.lineWidth = 1.8;
  pen.stroke(line);
}

function ring(pen: Pen, x: number, y: number, radius: number, colour: string, width: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

function label(pen: Pen, text: string, x: number, y: number, theme: Theme): void {
  pen.font = `600 12px ${getComputedStyle(pen.canvas).fontFamily}`;
  pen.textAlign = "center";
  pen.textBaseline = "bottom";
  pen.strokeStyle = theme.paper;
  pen.lineWidth = 4;
  pen.strokeText(text, x, y);
  pen.fillStyle = theme.ink;
  pen.fillText(text, x, y);
}
