import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MediumPart } from '../media/media.js';
import { placeMedia, type TaggedTurn } from './place-media.js';

const video = (path: string): MediumPart => ({ type: 'video', path });
const image = (path: string): MediumPart => ({ type: 'image', path });
const user = (content: string): TaggedTurn => ({ role: 'user', content });
const text = (content: string) => ({ type: 'text', text: content });

test('tags take the media in order, and the newlines beside them', () => {
  const turns = [
    user('<video>\nWhat?'),
    { role: 'assistant' as const, content: 'A dog.' },
    user('As in\n<image> or <video>?'),
  ];
  const media = [video('a'), image('b'), video('c')];
  assert.deepEqual(placeMedia(turns, media), [
    { role: 'user', content: [media[0], text('What?')] },
    { role: 'assistant', content: 'A dog.' },
    { role: 'user', content: [text('As in'), media[1], text(' or '), media[2], text('?')] },
  ]);
  assert.deepEqual(placeMedia([user('<image><image>')], [image('a'), image('b')]), [
    { role: 'user', content: [image('a'), image('b')] },
  ]);
});

test('without tags the media stand before the first user’s text', () => {
  const turns = [{ role: 'system' as const, content: 'Be brief.' }, user('What?'), user('Where?')];
  assert.deepEqual(placeMedia(turns, [video('a'), image('b')]), [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [video('a'), image('b'), text('What?')] },
    { role: 'user', content: 'Where?' },
  ]);
  assert.deepEqual(placeMedia([user('Hi')], []), [{ role: 'user', content: 'Hi' }]);
});

test('counts, kinds and a chat without a question are reported', () => {
  const refused = (turns: TaggedTurn[], media: MediumPart[], message: RegExp, code = 'ERR_MEDIA') =>
    assert.throws(() => placeMedia(turns, media), { name: 'UserError', code, message });
  refused([user('<video> <video>')], [video('a')], /2 <video> and 0 <image>, but received 1 videos and 0 images/);
  refused([user('<video>')], [], /1 <video> .* received 0 videos/);
  refused([user('<image>')], [video('a')], /0 <video> and 1 <image>, but received 1 videos and 0 images/);
  refused([user('<image> <video>')], [video('a'), image('b')], /in the order image, video, not video, image/);
  refused([{ role: 'assistant', content: 'x' }], [], /a user's turn.* received assistant/, 'ERR_VALUE');
  refused([], [], /received nothing/, 'ERR_VALUE');
});
