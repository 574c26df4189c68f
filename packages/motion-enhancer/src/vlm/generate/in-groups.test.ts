import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PreparedChat } from '../types.js';
import type { Visual } from '../visual.js';
import { inGroups } from './in-groups.js';

const chat = (tokens: number, visual: object | null) =>
  ({ ids: new Array<number>(tokens).fill(1), visual: visual as Visual | null }) as PreparedChat;

function sizesOf(chats: readonly PreparedChat[]): number[] {
  const sizes: number[] = [];
  const replies = inGroups(
    chats,
    (group, onToken) => {
      sizes.push(group.length);
      return group.map((_, row) => [onToken!(1, row) ? 1 : 0]);
    },
    () => true,
  );
  assert.equal(replies.length, chats.length);
  return sizes;
}

test('short chats are one batch; long ones as many as a mask allows; those about one medium stay together', () => {
  const [a, b] = [{}, {}];
  assert.deepEqual(sizesOf(Array.from({ length: 20 }, () => chat(900, {}))), [20]);
  assert.deepEqual(sizesOf([chat(30_000, a), chat(30_000, b), chat(30_000, null), chat(30_000, null)]), [1, 1, 1, 1]);
  assert.deepEqual(sizesOf([chat(30_000, a), chat(29_000, a), chat(30_100, a), chat(30_000, b)]), [3, 1]);
});
