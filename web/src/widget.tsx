/** The one bundle: the served page mounts itself, a notebook calls `render`. */

import { mountPage } from "./main";

if (typeof document !== "undefined") mountPage();
