import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** kubectl sends a bearer token over TLS only, and Node's own crypto makes no certificates. */
export interface Certificate {
  keyPem: string;
  certificatePem: string;
}

const oid = { ecdsaWithSha256: '2a8648ce3d040302', commonName: '550403', subjectAltName: '551d11', keyUsage: '551d0f' };
/** Ten years: as long as a data directory may live. */
const validMs = 3650 * 86_400_000;

/** A self-signed P-256 certificate (RFC 5280) for `localhost` and 127.0.0.1. */
export function createSelfSignedCertificate(now: Date): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const algorithm = sequence(objectId(oid.ecdsaWithSha256));
  const name = sequence(
    tagged(0x31, sequence(objectId(oid.commonName), tagged(0x0c, Buffer.from('mcp-hosting sandbox')))),
  );
  const names = sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.from([127, 0, 0, 1])));
  const digitalSignature = Buffer.from([0x07, 0x80]);
  const extensions = sequence(
    sequence(objectId(oid.subjectAltName), octets(names)),
    sequence(objectId(oid.keyUsage), octets(tagged(0x03, digitalSignature))),
  );
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(new Date(now.getTime() - 86_400_000)), time(new Date(now.getTime() + validMs))),
    name,
    publicKey,
    tagged(0xa3, extensions),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines(certificate)}\n-----END CERTIFICATE-----\n`,
  };
}

/** One DER value: tag, length, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const length = content.length;
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function sequence(...items: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(items));
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime `YYMMDDHHMMSSZ`, which RFC 5280 wants for years before 2050. */
function time(date: Date): Buffer {
  return tagged(0x17, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
}

function lines(der: Buffer): string {
  return (der.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
}
