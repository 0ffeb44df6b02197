/** Programs of the WebGL painter. Shapes and tones repeat `stamps.ts` and `lod.ts`. */

import { LEAST, LIFT } from "../lod";

/** Where a point is: between two layouts, and from units to the clip square. */
const PLACE = `#version 300 es
precision highp float;
layout(location = 0) in vec2 before;
layout(location = 1) in vec2 now;
layout(location = 2) in vec4 ink;
layout(location = 3) in float shape;
uniform vec2 eye;
uniform vec2 perUnit;
uniform float mixed;
vec4 place() { return vec4((mix(before, now, mixed) - eye) * perUnit, 0., 1.); }
`;

export const COUNT_VERTEX = `${PLACE}
uniform float weight;
out vec4 share;
vec3 linear(vec3 c) {
  return mix(c / 12.92, pow((c + .055) / 1.055, vec3(2.4)), step(.04045, c));
}
void main() {
  gl_Position = ink.a == 0. ? vec4(2., 2., 2., 1.) : place();
  gl_PointSize = 1.;
  share = vec4(linear(ink.rgb), 1.) * ink.a * weight;
}`;

export const COUNT_FRAGMENT = `#version 300 es
precision highp float;
in vec4 share;
out vec4 sum;
void main() { sum = share; }`;

export const DEVELOP_VERTEX = `#version 300 es
out vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.;
  at = corner;
  gl_Position = vec4(corner * 2. - 1., 0., 1.);
}`;

export const DEVELOP_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D sums;
uniform float full;
uniform float opacity;
uniform float unit;
in vec2 at;
out vec4 colour;
vec3 bytes(vec3 c) {
  return mix(c * 12.92, 1.055 * pow(c, vec3(1. / 2.4)) - .055, step(.0031308, c));
}
vec4 at3(ivec2 p) {
  ivec2 last = textureSize(sums, 0) - 1;
  vec4 sum = vec4(0.);
  for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++) {
    float share = float((2 - abs(x)) * (2 - abs(y))) / 16.;
    sum += share * texelFetch(sums, clamp(p + ivec2(x, y), ivec2(0), last), 0);
  }
  return sum;
}
vec4 tone(ivec2 p) {
  vec4 sum = at3(p);
  float count = sum.a * unit;
  if (count <= 0.) return vec4(0.);
  float part = min(1., log(1. + ${LIFT.toFixed(3)} * count) / log(1. + ${LIFT.toFixed(3)} * full));
  float alpha = min(1., count * 4.) * (${LEAST.toFixed(3)} + ${(1 - LEAST).toFixed(3)} * part);
  return vec4(bytes(sum.rgb / sum.a), 1.) * alpha;
}
void main() {
  // Tones, not sums, are blended between pixels: an outlier stays as strong as it is.
  vec2 p = at * vec2(textureSize(sums, 0)) - .5;
  vec2 f = fract(p);
  ivec2 i = ivec2(floor(p));
  if (f.x + f.y < .01) colour = tone(i) * opacity;
  else colour = opacity * mix(
    mix(tone(i), tone(i + ivec2(1, 0)), f.x),
    mix(tone(i + ivec2(0, 1)), tone(i + 1), f.x), f.y);
}`;

export const DOT_VERTEX = `${PLACE}
uniform float radius;
uniform float rim;
uniform vec2 powers;
flat out vec4 fill;
flat out int kind;
out float side;
void main() {
  bool drawn = ink.a >= powers.x && ink.a <= powers.y && ink.a > 0.;
  gl_Position = drawn ? place() : vec4(2., 2., 2., 1.);
  side = 2. * (radius * 1.4 + rim + 1.);
  gl_PointSize = side;
  fill = ink;
  kind = int(shape + .5);
}`;

export const DOT_FRAGMENT = `#version 300 es
precision highp float;
uniform float radius;
uniform float rim;
uniform float opacity;
uniform vec3 paper;
flat in vec4 fill;
flat in int kind;
in float side;
out vec4 colour;
float edge(vec2 p, float r) {
  vec2 a = abs(p);
  if (kind == 1) return max(a.x, a.y) - .89 * r;
  if (kind == 2) return max(.866 * a.x - .5 * p.y, p.y) - .68 * r;
  if (kind == 3) return (a.x + a.y) * .7071 - .89 * r;
  if (kind == 4) return max(.866 * a.x + .5 * p.y, -p.y) - .68 * r;
  if (kind == 5) return max(min(a.x, a.y) - .36 * r, max(a.x, a.y) - 1.12 * r);
  if (kind == 6) return abs(length(p) - .72 * r) - .24 * r;
  return length(p) - r;
}
void main() {
  float d = edge((gl_PointCoord - .5) * side, radius);
  float outer = clamp(rim + .5 - d, 0., 1.);
  if (outer <= 0.) discard;
  float inner = min(clamp(.5 - d, 0., 1.), outer) / outer;
  float alpha = outer * fill.a * opacity;
  colour = vec4(mix(paper, fill.rgb, inner), 1.) * alpha;
}`;
