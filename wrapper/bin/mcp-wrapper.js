#!/usr/bin/env -S node --max-semi-space-size=8 --no-parallel-scavenge
import { createRequire } from 'node:module';

createRequire(import.meta.url)('../dist/main.cjs');
