#!/usr/bin/env node
import module from 'node:module';

// Half of a start is compiling the bundle, most of which no start needs. Node.js 22.8 and newer remember the outcome.
module.enableCompileCache?.();
await import('../dist/main.js');
