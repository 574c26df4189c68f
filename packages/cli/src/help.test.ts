import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mock, test } from 'node:test';
import { fixture } from '@motion-enhancer/support/testing';
import { COMMANDS } from './commands/registry.js';
import { runCli } from './testing.js';

const GOLDEN = fixture('cli/help.txt');
const title = (name: string) => `\n===== motion-enhancer ${name} --help\n`;

/** What a command's --help prints. */
async function helpOf(name: string): Promise<string> {
  const lines: string[] = [];
  const log = mock.method(console, 'log', (line: string) => void lines.push(line));
  try {
    const { command } = await COMMANDS[name]!.load();
    assert.equal(command.name, name);
    assert.equal(await command.run(['--help']), 0);
  } finally {
    log.mock.restore();
  }
  return `${lines.join('\n')}\n`;
}

test('the command line is as it was (to accept changes: UPDATE_GOLDEN=1 npm test -- cli/help)', async () => {
  const list = await runCli(['--help']);
  assert.deepEqual([list.code, list.err], [0, '']);
  let text = list.out;
  for (const name of Object.keys(COMMANDS)) text += title(name) + (await helpOf(name));
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, text);
  assert.equal(text, readFileSync(GOLDEN, 'utf8'));
});

test('the list of commands has every command with its own summary', async () => {
  const { out } = await runCli([]);
  const listed = out.split('\n').flatMap((line) => /^ {2}(\S+) +(.+)$/.exec(line)?.slice(1).join(': ') ?? []);
  const summaries = await Promise.all(
    Object.values(COMMANDS).map(async ({ summary, load }) => `${(await load()).command.name}: ${summary}`),
  );
  assert.deepEqual(listed, summaries);
});
