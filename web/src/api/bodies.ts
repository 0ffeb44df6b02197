/** Names of the wire's bodies; their fields are generated from the program's records. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Ability = Schemas["Ability"];
export type ColumnCard = Schemas["ColumnCard"];
export type DialCard = Schemas["DialCard"];
export type Dials = Schemas["Dials"];
export type Dropped = Schemas["Dropped"];
export type Epochs = Schemas["Epochs"];
export type ExhibitCard = Schemas["ExhibitCard"];
export type Exhibition = Schemas["Exhibition"];
export type Found = Schemas["Found"];
export type Look = Schemas["Look"];
export type MapCard = Schemas["MapCard"];
export type Measure = Schemas["Measure"];
export type MotionCard = Schemas["MotionCard"];
export type Row = Schemas["Row"];
export type SampleCard = Schemas["SampleCard"];
export type Series = Schemas["Series"];
export type Side = Schemas["Side"];
export type SideBySide = Schemas["SideBySide"];
export type Travel = Schemas["Travel"];
export type WayCard = Schemas["WayCard"];
