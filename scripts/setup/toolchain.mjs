import { SetupError } from './errors.mjs';
import { exec } from './exec.mjs';
import { parseVersion } from './version.mjs';

/** The C++ compiler ($CXX or g++) and its version line. Throws a SetupError when it is absent or too old for C++20. */
export async function findCompiler(env = process.env, run = exec) {
  const program = env.CXX || 'g++';
  const answer = await run(program, ['--version'], { timeoutMs: 20_000 });
  if (answer.code !== 0) {
    const named = env.CXX ? `the compiler that CXX names, ${env.CXX},` : 'g++';
    throw new SetupError(
      `The binding is compiled on this machine, and ${named} ${answer.missing ? 'is not installed' : `fails: ${answer.stderr.trim().split('\n')[0]}`}.`,
      '`apt-get install g++` (Debian, Ubuntu), `dnf install gcc-c++` (Fedora, RHEL); or name another compiler: `CXX=clang++ npm run setup`.',
    );
  }
  const version = answer.stdout.split('\n')[0].trim();
  const gcc = /^(?:g\+\+|c\+\+|\S*gcc|\S*g\+\+\S*) /.test(version)
    ? parseVersion(/(\d+\.\d+(?:\.\d+)?)\s*$|\)\s+(\d+\.\d+\.\d+)/.exec(version)?.[0].replace(/^\)\s*/, ''))
    : undefined;
  if (gcc && gcc[0] < 10) {
    throw new SetupError(
      `Expected g++ 10 or newer, for C++20, but this is ${version}.`,
      '`apt-get install g++-12 && CXX=g++-12 npm run setup`, or any newer compiler.',
    );
  }
  return { program, version };
}
