/** One field of a protobuf message: varints as numbers, 32-bit as raw bytes, length-delimited as a view. */
export interface ProtobufField {
  number: number;
  value: number | Uint8Array;
}

/**
 * Walks the fields of a serialised protobuf message, unknown ones included (wire format of
 * protobuf.dev/programming-guides/encoding). Varints beyond 2^53 lose their low bits; no field we read has one.
 * @throws RangeError if the bytes are not a protobuf message.
 */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('the message ends inside a number');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`a number longer than ten bytes stands at byte ${at}`);
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at)
      throw new RangeError(`a field of ${length} bytes starts at byte ${at} of ${bytes.length}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError(`field number 0 stands at byte ${at}`);
    const wire = tag % 8;
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 1) yield { number, value: take(8) };
    else if (wire === 2) yield { number, value: take(varint()) };
    else if (wire === 5) yield { number, value: take(4) };
    else throw new RangeError(`wire type ${wire} stands at byte ${at}`);
  }
}
