/** Size of a glyph, and the step from one to the next, in font pixels. */
export const GLYPH = { width: 5, height: 7, advance: 6 } as const;

/**
 * ASCII 32 to 126, drawn for this project: seven rows from the top a glyph, a row a digit in base 32 whose bits are the
 * five pixels from the left (16) to the right (1).
 */
const ROWS =
  '0000000 4444404 aa00000 aavavaa 4fke5u4 op248pj cik8lid 4400000 2488842 8422248 04lel40 044v440 ' + // space to +
  '0000448 000e000 00000cc 01248g0 ehjlphe 4c4444e eh1248v eh161he 26aiv22 vgu11he 68guhhe v124444 ' + // , to 7
  'ehhehhe ehhf12c 0cc0cc0 0cc0c48 248g842 00v0v00 8421248 eh12404 ehnlngf ehhvhhh uhhuhhu ehggghe ' + // 8 to C
  'uhhhhhu vgguggv vgguggg ehgnhhf hhhvhhh e44444e 72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe ' + // D to O
  'uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla hha4ahh hhha444 v1248gv e88888e ' + // P to [
  '0g84210 e22222e 4ah0000 000000v 8420000 00e1fhf ggmphhu 00ehghe 11djhhf 00ehvge 698s888 djhjd1e ' + // \ to g
  'ggmphhh 40c444e 20622ic ggikoki c44444e 00qllll 00mphhh 00ehhhe mphpmgg djhjd11 00mpggg 00fge1u ' + // h to s
  '88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah hhhhf1e 00v248v 2448442 4444444 8442448 008l200'; // t to ~

const GLYPHS = ROWS.split(' ').map((rows) => Array.from(rows, (digit) => Number.parseInt(digit, 32)));
/** What stands for every other character. */
const BOX = [31, 17, 17, 17, 17, 17, 31];
const FIRST = 32;

/** Letters that hang below the line by two rows. */
const DESCENDERS = 'gpqy';

/** Rows of a character's glyph, 7 numbers of 5 bits, and by how many rows it hangs; a box outside of ASCII. */
export function glyph(character: string): { rows: readonly number[]; drop: number } {
  const rows = (character.length === 1 && GLYPHS[character.charCodeAt(0) - FIRST]) || BOX;
  return { rows, drop: DESCENDERS.includes(character) ? 2 : 0 };
}

/** The characters that are drawn for a text: accents are left off their letters. */
export function characters(text: string): string[] {
  return Array.from(text.normalize('NFD').replace(/\p{M}/gu, ''));
}
