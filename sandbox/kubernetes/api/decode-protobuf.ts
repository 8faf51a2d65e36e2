import { ApiError, badRequest } from '../store/api-error.ts';

/** What Kubernetes puts before every protobuf body. */
const magic = Buffer.from('k8s\0');

/**
 * Decodes the few objects that `kubectl create secret|configmap|namespace|serviceaccount` sends as protobuf and in no
 * other form. Field numbers are those of Kubernetes' `generated.proto` files.
 *
 * @throws ApiError 400 for malformed bodies, 415 for other kinds
 */
export function decodeProtobuf(body: Buffer): object {
  if (!body.subarray(0, magic.length).equals(magic)) throw badRequest('the body is no Kubernetes protobuf');
  const unknown = readFields(body.subarray(magic.length));
  const type = readFields(unknown.get(1)?.[0] ?? Buffer.alloc(0));
  const [apiVersion, kind] = [textOf(type, 1), textOf(type, 2)];
  const fields = readFields(unknown.get(2)?.[0] ?? Buffer.alloc(0));
  const object = { apiVersion, kind, metadata: metadataOf(readFields(fields.get(1)?.[0] ?? Buffer.alloc(0))) };
  switch (`${apiVersion}/${kind}`) {
    case 'v1/Namespace':
    case 'v1/ServiceAccount':
      return object;
    case 'v1/Secret':
      return { ...object, type: textOf(fields, 3) || 'Opaque', data: mapOf(fields, 2, 'base64') };
    case 'v1/ConfigMap':
      return { ...object, data: mapOf(fields, 2, 'utf8'), binaryData: mapOf(fields, 3, 'base64') };
    default:
      throw new ApiError(
        415,
        'UnsupportedMediaType',
        `send ${kind} as JSON or YAML, for example with kubectl apply -f`,
      );
  }
}

type Fields = Map<number, Buffer[]>;

function metadataOf(fields: Fields): object {
  const texts = { name: textOf(fields, 1), generateName: textOf(fields, 2), namespace: textOf(fields, 3) };
  const maps = { labels: mapOf(fields, 11, 'utf8'), annotations: mapOf(fields, 12, 'utf8') };
  const given = [...Object.entries(texts), ...Object.entries(maps)].filter(
    ([, value]) => value !== '' && Object.keys(value).length > 0,
  );
  return Object.fromEntries(given);
}

function textOf(fields: Fields, number: number): string {
  return fields.get(number)?.at(-1)?.toString('utf8') ?? '';
}

function mapOf(fields: Fields, number: number, encoding: 'utf8' | 'base64'): Record<string, string> {
  const entries = (fields.get(number) ?? []).map((entry) => {
    const pair = readFields(entry);
    return [textOf(pair, 1), (pair.get(2)?.[0] ?? Buffer.alloc(0)).toString(encoding)] as const;
  });
  return Object.fromEntries(entries);
}

/** The length-delimited fields of a message; numbers are skipped, as no object above needs one. */
function readFields(message: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = message[at];
      if (byte === undefined) throw badRequest('the protobuf body ends early');
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw badRequest('the protobuf body holds a number that is too long');
  };
  while (at < message.length) {
    const key = varint();
    const [number, wireType] = [Math.floor(key / 8), key % 8];
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      if (at + length > message.length) throw badRequest('the protobuf body ends early');
      fields.set(number, [...(fields.get(number) ?? []), message.subarray(at, at + length)]);
      at += length;
    } else throw badRequest('the protobuf body is malformed');
  }
  return fields;
}
