import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createOnce } from '../../../../backends/openstack/services/create-once.ts';
import { fakePassword } from '../../../fakes/fake-cloud.ts';
import { failureOf, opened } from '../services/open.ts';

const limits = '/compute/v2.1/limits';
const servers = '/compute/v2.1/servers';

describe('a request', () => {
  test.each([
    ['503', { status: 503 }],
    ['502', { status: 502, text: '<html><h1>Bad gateway</h1></html>' }],
    ['500', { status: 500, json: { computeFault: { code: 500, message: 'oops' } } }],
    ['a dropped connection', { drop: true as const }],
  ])('is repeated after %s', async (_, reply) => {
    const { fake, cloud, log } = await opened();
    fake.on('GET', limits, reply, reply, { json: { limits: { absolute: {} } } });
    await cloud.nova.limits();
    expect(fake.requests).toHaveLength(3);
    expect(log.filter((line) => line.includes('trying again'))).toHaveLength(2);
  });

  test('waits as long as a busy service asks', async () => {
    const { fake, cloud } = await opened();
    const busy = { status: 429, headers: { 'retry-after': '1' } };
    fake.on('POST', servers, busy, { status: 202, json: { server: { id: 's' } } });
    const began = performance.now();
    await cloud.nova.createServer({ name: 'x' });
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(fake.requests).toHaveLength(2);
  });

  test('does not knock without end where no pause is asked', async () => {
    const { fake, cloud } = await opened();
    const busy = { status: 429, headers: { 'retry-after': '0' } };
    fake.on('GET', limits, ...Array(12).fill(busy), { json: {} });
    const began = performance.now();
    await cloud.nova.limits();
    // The last pauses are at least half of the longest.
    expect(performance.now() - began).toBeGreaterThan(100);
  });

  test('does not take its token to another address', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', limits, { status: 301, headers: { location: 'https://new.example/v2.1' } });
    expect(await failureOf(cloud.nova.limits())).toMatchObject({
      code: 'OZ_CLOUD_CONFIG',
      message:
        'Cannot look at the quotas of the servers: Nova is not at its address (it answers 301, and points to https://new.example/v2.1)',
    });
    expect(fake.requests).toHaveLength(1);
  });

  test('does not wait for hours', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', limits, { status: 429, headers: { 'retry-after': '7200' } });
    const failure = await failureOf(cloud.nova.limits());
    expect(failure.code).toBe('OZ_CLOUD_UNREACHABLE');
    expect(fake.requests).toHaveLength(1);
  });

  test('ends when the service stays away, with its request id', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', limits, { status: 503, text: 'No server is available' });
    const failure = await failureOf(cloud.nova.limits());
    expect(failure.code).toBe('OZ_CLOUD_UNREACHABLE');
    expect(failure.message).toBe(
      'Cannot look at the quotas of the servers: the service does not work (Nova answers 503: No server is available)',
    );
    expect(failure.hint).toContain('req-00000000-fake');
    expect(fake.requests.length).toBeGreaterThan(10);
  });

  test('ends after a few times 500', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', limits, { status: 500, json: {} });
    expect((await failureOf(cloud.nova.limits())).code).toBe('OZ_CLOUD_UNREACHABLE');
    expect(fake.requests).toHaveLength(4);
  });

  test.each([
    ['dropped', { drop: true as const }],
    ['500', { status: 500, json: { computeFault: { code: 500, message: 'oops' } } }],
    ['504', { status: 504 }],
  ])('that makes something is not repeated blindly: %s', async (_, reply) => {
    const { fake, cloud } = await opened();
    fake.on('POST', servers, reply);
    const failure = await failureOf(cloud.nova.createServer({ name: 'web' }));
    expect(failure.code).toBe('OZ_CLOUD_UNSURE');
    expect(failure.message).toContain('create the server web');
    expect(fake.requests).toHaveLength(1);
  });

  test.each([
    ['503', 503],
    ['408, of a proxy that has not had all of it in time', 408],
  ])('that makes something is repeated where it was not taken: %s', async (_, status) => {
    const { fake, cloud } = await opened();
    fake.on('POST', servers, { status }, { status: 202, json: { server: { id: 's' } } });
    expect(await cloud.nova.createServer({ name: 'web' })).toEqual({ id: 's' });
  });

  test('can be aborted while it waits', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', limits, { status: 429, headers: { 'retry-after': '2' } });
    const reason = new Error('enough');
    const signal = AbortSignal.any([AbortSignal.timeout(100)]);
    const began = performance.now();
    await expect(cloud.nova.limits({ signal })).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(1000);
    await expect(cloud.nova.limits({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('is dropped at once when all is to end, unless it makes something', async () => {
    const { fake, cloud } = await opened();
    fake.on('POST', `${servers}/:id/action`, async () => {
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return { json: { output: 'late' } };
    });
    const began = performance.now();
    const signal = AbortSignal.timeout(50);
    await expect(cloud.nova.consoleOutput('s', { signal })).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(2500);
  });

  test('is told to the log, and counted', async () => {
    const { fake, cloud, log } = await opened();
    const before = cloud.calls();
    fake.on('GET', limits, { json: {} });
    await cloud.nova.limits();
    expect(cloud.calls() - before).toBe(1);
    expect(log.at(-1)).toMatch(/^Nova GET \/compute\/v2\.1\/limits 200 \d+ ms req-00000000-fake$/);
  });
});

describe('createOnce()', () => {
  test('takes what an unsure request has made', async () => {
    const { fake, cloud } = await opened();
    fake.on('POST', servers, { drop: true });
    const server = await createOnce(
      () => cloud.nova.createServer({ name: 'web' }),
      async () => ({ id: 'found' }),
      { settleMs: 1 },
    );
    expect(server).toEqual({ id: 'found' });
  });

  test('tries again when there is nothing, and tells the reason in the end', async () => {
    const { fake, cloud } = await opened();
    const oops = { status: 500, json: { computeFault: { code: 500, message: 'no cell' } } };
    fake.on('POST', servers, oops);
    const make = () =>
      createOnce(
        () => cloud.nova.createServer({ name: 'web' }),
        async () => null,
        { settleMs: 1 },
      );
    expect((await failureOf(make())).message).toContain('no cell');
    expect(fake.requests).toHaveLength(3);
  });
});

describe('refusals', () => {
  const glanceHtml =
    '<html>\n <head>\n  <title>413 Request Entity Too Large</title>\n </head>\n <body>\n  <h1>413 Request Entity Too Large</h1>\n  The request denied for exceeding a limit: image_size_total&#x27;s<br /><br />\n </body>\n</html>';

  test.each([
    [
      'Nova: quota',
      {
        status: 403,
        json: {
          forbidden: {
            code: 403,
            message: 'Quota exceeded for cores: Requested 8, but already used 20 of 20 cores',
          },
        },
      },
      'OZ_CLOUD_QUOTA',
      'already used 20 of 20 cores',
    ],
    [
      'Nova: policy',
      {
        status: 403,
        json: {
          forbidden: {
            code: 403,
            message: "Policy doesn't allow os_compute_api:x to be performed.",
          },
        },
      },
      'OZ_CLOUD_POLICY',
      "Policy doesn't allow",
    ],
    [
      'Nova: bad request',
      { status: 400, json: { badRequest: { code: 400, message: 'Field value foo is invalid' } } },
      'OZ_CLOUD_REFUSED',
      'Field value foo is invalid',
    ],
    [
      'Nova: state',
      {
        status: 409,
        json: {
          conflictingRequest: {
            code: 409,
            message: "Cannot 'stop' while it is in vm_state stopped",
          },
        },
      },
      'OZ_CLOUD_BUSY',
      'vm_state stopped',
    ],
    [
      'Cinder: quota',
      {
        status: 413,
        json: {
          overLimit: {
            code: 413,
            message:
              "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'volumes'.",
            retryAfter: '0',
          },
        },
        headers: { 'retry-after': '0' },
      },
      'OZ_CLOUD_QUOTA',
      'Maximum number of volumes allowed (10)',
    ],
    [
      'Neutron: quota',
      {
        status: 409,
        json: {
          NeutronError: {
            type: 'OverQuota',
            message: "Quota exceeded for resources: ['port'].",
            detail: '',
          },
        },
      },
      'OZ_CLOUD_QUOTA',
      "['port']",
    ],
    [
      'Neutron: gone',
      {
        status: 404,
        json: {
          NeutronError: {
            type: 'NetworkNotFound',
            message: 'Network n could not be found.',
            detail: '',
          },
        },
      },
      'OZ_CLOUD_GONE',
      'Network n could not be found',
    ],
    [
      'Glance: HTML',
      { status: 413, text: glanceHtml },
      'OZ_CLOUD_QUOTA',
      "answers 413: The request denied for exceeding a limit: image_size_total's)",
    ],
    [
      'Glance: text',
      { status: 403, text: '403 Forbidden\n\nNot allowed to make it public.\n\n   ' },
      'OZ_CLOUD_POLICY',
      'Not allowed to make it public',
    ],
    [
      'Placement',
      { status: 400, json: { errors: [{ status: 400, detail: 'no such class' }] } },
      'OZ_CLOUD_REFUSED',
      'no such class',
    ],
    ['nothing', { status: 418 }, 'OZ_CLOUD_REFUSED', 'Nova answers 418)'],
  ])('%s', async (_, reply, code, words) => {
    const { fake, cloud } = await opened();
    fake.on('POST', servers, reply);
    const failure = await failureOf(cloud.nova.createServer({ name: 'web' }));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
    expect(failure.message.startsWith('Cannot create the server web: ')).toBe(true);
    expect(failure.hint).toBeTruthy();
  });
});

test('secrets are nowhere: not in errors, causes or the log', async () => {
  const { fake, cloud, log } = await opened();
  const echo = `you sent token-1 and ${fakePassword}`;
  fake.on('GET', limits, { status: 400, text: echo });
  fake.on('POST', servers, { drop: true });
  fake.on('POST', '/identity/v3/auth/tokens', { status: 503, text: echo });
  const failures = [
    await failureOf(cloud.nova.limits()),
    await failureOf(cloud.nova.createServer({ name: 'x', adminPass: 'in-the-body' })),
  ];
  fake.revokeTokens();
  failures.push(await failureOf(cloud.nova.limits()));
  await fake.stop();
  failures.push(await failureOf(cloud.nova.limits()));
  const shown = failures.map((failure) => inspect(failure, { depth: 12, showHidden: true }));
  for (const text of [...shown, ...log, inspect(cloud, { depth: 6 })]) {
    expect(text).not.toMatch(/token-\d|in-the-body/);
    expect(text).not.toContain(fakePassword);
  }
});
