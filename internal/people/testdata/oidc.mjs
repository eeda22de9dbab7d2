// A provider of OpenID Connect on loopback, for the tests of this package.
//
//   node oidc.mjs NODE_MODULES '{"redirect":"…","people":{"SUBJECT":{…claims}}}'
//
// It prints its port. Whoever asks is signed in as the subject that login_hint names, without a page; "refuse" refuses. It ends
// with its input.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const [modules, text] = process.argv.slice(2);
const { redirect, people } = JSON.parse(text);
const { default: Provider } = await import(pathToFileURL(resolve(modules, 'oidc-provider/lib/index.js')));

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'laurel', client_secret: 'a secret of the test', redirect_uris: [redirect],
    response_types: ['code'], grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic',
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale'] },
  cookies: { keys: ['of the test'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
});
provider.on('server_error', (_, error) => console.error(error));

const callback = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    return callback(request, response);
  }
  const { params, grantId, prompt } = await provider.interactionDetails(request, response);
  if (params.login_hint === 'refuse') {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: params.login_hint, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = { login: { accountId: params.login_hint } };
  if (prompt.name === 'consent') {
    result.consent = { grantId: await grant.save() };
  }
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
});

process.stdin.on('end', () => process.exit(0)).resume();
console.log(server.address().port);
