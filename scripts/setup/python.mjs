import { exec } from './exec.mjs';

// find_spec locates torch without importing it: an import takes seconds and can fail for reasons that do not matter here.
const FIND_TORCH = `
import importlib.util, json, os, sys
try:
    spec = importlib.util.find_spec('torch')
    folder = os.path.dirname(os.path.realpath(spec.origin)) if spec and spec.origin else None
except Exception:
    folder = None
print(json.dumps({'python': sys.executable, 'torch': folder}))
`;

/** Asks the `python3` on PATH where its torch lies. Undefined when there is no python3, or it has no torch, or it does not answer. */
export async function findPythonTorch(python = 'python3', run = exec) {
  const answer = await run(python, ['-c', FIND_TORCH], { timeoutMs: 20_000 });
  if (answer.code !== 0) return undefined;
  try {
    const { torch } = JSON.parse(answer.stdout.trim().split('\n').at(-1));
    return torch ?? undefined;
  } catch {
    return undefined;
  }
}
