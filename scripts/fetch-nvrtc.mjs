#!/usr/bin/env node
// Fetches NVRTC, the compiler of CUDA C++, from PyPI, for the tests that compile every kernel without a GPU.
import { runMain } from './setup/errors.mjs';
import { fetchNvrtc } from './setup/nvrtc.mjs';

await runMain('fetch-nvrtc', () => fetchNvrtc());
