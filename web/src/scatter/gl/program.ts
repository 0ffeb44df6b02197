/** A linked pair of shaders and where its uniforms are. */

export interface Program {
  readonly program: WebGLProgram;
  at(uniform: string): WebGLUniformLocation | null;
}

export function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): Program {
  const program = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) continue;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`a shader was refused: ${gl.getProgramInfoLog(program) ?? ""}`);
  }
  const places = new Map<string, WebGLUniformLocation | null>();
  return {
    program,
    at(uniform) {
      let place = places.get(uniform);
      if (place === undefined) {
        place = gl.getUniformLocation(program, uniform);
        places.set(uniform, place);
      }
      return place;
    },
  };
}
