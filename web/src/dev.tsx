/** Working on the page: made-up data, or a running program behind Vite's proxy with `?live`. */

import { mountPage } from "./main";
import { fixture } from "./source/fixture";
import { HttpSource } from "./source/http";

const asked = new URLSearchParams(location.search);
const n = Number(asked.get("n") ?? 2000);
const without = Object.fromEntries(
  asked.getAll("without").map((name) => [name, "torch is not installed"]),
);
mountPage(asked.has("live") ? new HttpSource() : fixture({ n, without }));
