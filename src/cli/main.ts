#!/usr/bin/env node
import { createProcessIo } from './processIo.ts';
import { runCommandLine } from './runCommandLine.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), createProcessIo());
