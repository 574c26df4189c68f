import { crc32c } from './crc32c.js';

/** CRC-32C of a value's JSON as eight hexadecimal digits: what a file says of itself to show that no byte changed. */
export const jsonSum = (value: unknown): string =>
  crc32c(Buffer.from(JSON.stringify(value)))
    .toString(16)
    .padStart(8, '0');
