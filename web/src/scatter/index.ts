/** The map's renderer: knows points, colours and pictures, and nothing of the page around it. */

export { stopsOf } from "./ink";
export { createScatter } from "./map";
export type * from "./scatter";
