import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createHttpServer } from '../../../src/inbound/create-http-server.ts';

const REQUEST = 'GET /hooks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

test('what comes on a kept connection while the server stops is answered', async () => {
  const server = createHttpServer(pino({ enabled: false }));
  const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
  server.addHook('preClose', () => isAnswered);
  server.get('/hooks', () => 'ok');
  await server.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
  socket.write(REQUEST);
  const [before] = await once(socket, 'data');

  const closed = server.close();
  socket.write(REQUEST);
  const [during] = await once(socket, 'data');
  answer();
  await closed;

  expect(before).toMatch(/^HTTP\/1\.1 200 .*connection: keep-alive/is);
  expect(during).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
});
