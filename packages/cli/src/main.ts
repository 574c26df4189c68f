#!/usr/bin/env node
import './environment.js';
import { guardOutput } from './guard-output.js';
import { runCommand } from './run-command.js';

guardOutput();
runCommand(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
