#!/usr/bin/env node
import module, { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

/** The first one whose second compiler is quick enough to do without the third. */
const MAGLEV_NODE_VERSION = 22;

// Otherwise the young generation grows to 16 MB and more, and little of it is ever alive.
setFlagsFromString('--semi-space-growth-factor=1');
// The optimizing compiler alone takes 6 MB, and makes nothing quicker here.
if (Number.parseInt(process.versions.node, 10) >= MAGLEV_NODE_VERSION) setFlagsFromString('--no-turbofan');
// Half of a start is compiling the bundle, most of which no start needs. Node.js 22.8 and newer remember the outcome.
module.enableCompileCache?.();
createRequire(import.meta.url)('../dist/main.cjs');
