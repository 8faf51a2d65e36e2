#!/usr/bin/env -S node --max-semi-space-size=8 --no-parallel-scavenge
import '../dist/main.js';
