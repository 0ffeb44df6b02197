/** The painter of machines with a graphics card. */

import { rgb } from "../../look/tokens";
import type { Ink } from "../ink";
import type { Cloud, Painter, Scene } from "../painter";
import { link, type Program } from "./program";
import * as shaders from "./shaders";
import type { Stage } from "./stage";

/** Points are added as this share of one, so that half floats hold many. */
const SHARE = 1 / 16;

interface Held {
  readonly vertices: WebGLVertexArrayObject;
  readonly from: WebGLBuffer;
  readonly to: WebGLBuffer;
  readonly colours: WebGLBuffer;
  readonly shapes: WebGLBuffer;
  readonly count: Program;
  readonly develop: Program;
  readonly dots: Program;
  readonly sums: WebGLTexture;
  readonly frame: WebGLFramebuffer;
}

export class WebGLPainter implements Painter {
  readonly kind = "webgl";
  private held: Held | null = null;
  private cloud: Cloud | null = null;
  private ink: Ink | null = null;
  private dirty = { cloud: false, ink: false };
  private size: readonly [number, number] = [0, 0];
  private stride = 0;

  constructor(private readonly stage: Stage) {}

  get renderer(): string {
    return this.stage.renderer;
  }

  setCloud(cloud: Cloud): void {
    this.cloud = cloud;
    this.dirty.cloud = true;
  }

  setInk(ink: Ink): void {
    this.ink = ink;
    this.dirty.ink = true;
  }

  paint(scene: Scene, target: CanvasRenderingContext2D): void {
    const { gl, canvas } = this.stage;
    const { camera, ratio, detail } = scene;
    const [width, height] = [Math.ceil(camera.width * ratio), Math.ceil(camera.height * ratio)];
    if (this.stage.lost || this.cloud === null || this.ink === null || width < 1 || height < 1)
      return;
    this.stage.reserve(width, height);
    this.held ??= this.prepare();
    const held = this.held;
    this.upload(held);
    this.setStride(held, scene.stride);
    const cssSize = [Math.ceil(camera.width), Math.ceil(camera.height)] as const;
    if (detail.density > 0) this.addUp(held, scene, cssSize);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (detail.density > 0) {
      gl.viewport(0, 0, cssSize[0] * ratio, cssSize[1] * ratio);
      this.develop(held, scene);
    }
    gl.viewport(0, 0, camera.width * ratio, camera.height * ratio);
    if (detail.dots > 0) this.dot(held, scene);
    gl.disable(gl.SCISSOR_TEST);
    target.drawImage(canvas, 0, canvas.height - height, width, height, 0, 0, width, height);
  }

  /** After the context was lost, everything is made again from what is kept here. */
  forget(): void {
    this.held = null;
    this.size = [0, 0];
    this.stride = 0;
    this.dirty = { cloud: true, ink: true };
  }

  release(): void {
    const { gl } = this.stage;
    const held = this.held;
    this.held = null;
    if (held === null || this.stage.lost) return;
    for (const buffer of [held.from, held.to, held.colours, held.shapes]) gl.deleteBuffer(buffer);
    for (const { program } of [held.count, held.develop, held.dots]) gl.deleteProgram(program);
    gl.deleteVertexArray(held.vertices);
    gl.deleteTexture(held.sums);
    gl.deleteFramebuffer(held.frame);
  }

  private prepare(): Held {
    const { gl } = this.stage;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.dirty = { cloud: true, ink: true };
    this.size = [0, 0];
    this.stride = 0;
    return {
      vertices: gl.createVertexArray(),
      from: gl.createBuffer(),
      to: gl.createBuffer(),
      colours: gl.createBuffer(),
      shapes: gl.createBuffer(),
      count: link(gl, shaders.COUNT_VERTEX, shaders.COUNT_FRAGMENT),
      develop: link(gl, shaders.DEVELOP_VERTEX, shaders.DEVELOP_FRAGMENT),
      dots: link(gl, shaders.DOT_VERTEX, shaders.DOT_FRAGMENT),
      sums: texture,
      frame: gl.createFramebuffer(),
    };
  }

  private upload(held: Held): void {
    const { gl } = this.stage;
    const put = (buffer: WebGLBuffer, values: ArrayBufferView) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    };
    if (this.dirty.cloud && this.cloud !== null) {
      put(held.to, this.cloud.to);
      put(held.from, this.cloud.from);
    }
    if (this.dirty.ink && this.ink !== null) {
      put(held.colours, this.ink.colours);
      put(held.shapes, this.ink.shapes);
    }
    this.dirty = { cloud: false, ink: false };
  }

  /** A wider step through the buffers leaves points out. */
  private setStride(held: Held, stride: number): void {
    const { gl } = this.stage;
    gl.bindVertexArray(held.vertices);
    if (stride === this.stride) return;
    this.stride = stride;
    const read = (at: number, buffer: WebGLBuffer, size: number, type: number, bytes: number) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, type, at === 2, bytes * stride, 0);
    };
    read(0, held.from, 2, gl.FLOAT, 8);
    read(1, held.to, 2, gl.FLOAT, 8);
    read(2, held.colours, 4, gl.UNSIGNED_BYTE, 4);
    read(3, held.shapes, 1, gl.UNSIGNED_BYTE, 1);
  }

  private addUp(held: Held, scene: Scene, [width, height]: readonly [number, number]): void {
    const { gl } = this.stage;
    gl.bindFramebuffer(gl.FRAMEBUFFER, held.frame);
    gl.bindTexture(gl.TEXTURE_2D, held.sums);
    if (width !== this.size[0] || height !== this.size[1]) {
      this.size = [width, height];
      const wide = gl.getExtension("EXT_color_buffer_float") && gl.getExtension("EXT_float_blend");
      const [inside, kind] = wide ? [gl.RGBA32F, gl.FLOAT] : [gl.RGBA16F, gl.HALF_FLOAT];
      gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, gl.RGBA, kind, null);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, held.sums, 0);
    }
    gl.disable(gl.SCISSOR_TEST);
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.useProgram(held.count.program);
    gl.uniform1f(held.count.at("weight"), scene.stride * SHARE);
    // Pixels of the sums are whole: the clip square is theirs, not quite the camera's.
    this.aim(held.count, scene, [width, height]);
    this.draw(scene);
  }

  private develop(held: Held, scene: Scene): void {
    const { gl } = this.stage;
    gl.useProgram(held.develop.program);
    gl.bindTexture(gl.TEXTURE_2D, held.sums);
    gl.uniform1i(held.develop.at("sums"), 0);
    gl.uniform1f(held.develop.at("full"), scene.detail.full);
    gl.uniform1f(held.develop.at("unit"), 1 / SHARE);
    gl.uniform1f(held.develop.at("opacity"), scene.opacity * scene.detail.density);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private dot(held: Held, scene: Scene): void {
    const { gl } = this.stage;
    const { dots } = held;
    const { ratio, detail, theme } = scene;
    const [r, g, b] = rgb(theme.paper);
    gl.useProgram(dots.program);
    gl.uniform1f(dots.at("radius"), detail.radius * ratio);
    gl.uniform1f(dots.at("rim"), scene.rim * ratio);
    gl.uniform1f(dots.at("opacity"), scene.opacity * detail.dots);
    gl.uniform3f(dots.at("paper"), r / 255, g / 255, b / 255);
    this.aim(dots, scene, [scene.camera.width, scene.camera.height]);
    if (this.ink?.fading) {
      gl.uniform2f(dots.at("powers"), 0, 0.99);
      this.draw(scene);
    }
    gl.uniform2f(dots.at("powers"), 0.99, 1);
    this.draw(scene);
  }

  private aim(program: Program, scene: Scene, [width, height]: readonly [number, number]): void {
    const { gl } = this.stage;
    const { camera, mix } = scene;
    // The camera's left and top edges are those of the target, whose size may be a bit larger.
    const ex = camera.ex + (width - camera.width) / 2 / camera.px;
    const ey = camera.ey - (height - camera.height) / 2 / camera.py;
    gl.uniform2f(program.at("eye"), ex, ey);
    gl.uniform2f(program.at("perUnit"), (2 * camera.px) / width, (2 * camera.py) / height);
    gl.uniform1f(program.at("mixed"), mix);
  }

  /** All slots from the first in sight to the last: rows of cells between are in sight too. */
  private draw({ runs, stride }: Scene): void {
    if (runs.length === 0) return;
    const first = Math.floor((runs[0] as number) / stride);
    const end = Math.floor((runs[runs.length - 1] as number) / stride);
    if (end > first) this.stage.gl.drawArrays(this.stage.gl.POINTS, first, end - first);
  }
}
