#!/usr/bin/env node
import module, { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Otherwise the young generation grows to 16 MB and more, and little of it is ever alive.
setFlagsFromString('--semi-space-growth-factor=1');
// Half of a start is compiling the bundle, most of which no start needs. Node.js 22.8 and newer remember the outcome.
module.enableCompileCache?.();
createRequire(import.meta.url)('../dist/main.cjs');
