// An identity provider of samlify, with people who sign in by their name alone. What a response says can be told by the
// test, tag by tag; samlify then signs it. What it gets it can read by the schemas of OASIS, which takes a second.
import { createServer } from 'node:http';
import * as validator from '@authenio/samlify-node-xmllint';
import * as samlify from 'samlify';
import { listen, takeOrders } from './orders.mjs';

const { SamlLib, Constants } = samlify;
const POST = Constants.namespace.binding.post;
const REDIRECT = Constants.namespace.binding.redirect;
const AUTHENTICATED = '<saml:AuthnStatement AuthnInstant="{IssueInstant}" SessionIndex="{SessionIndex}"><saml:AuthnContext>'
  + '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>'
  + '</saml:AuthnContext></saml:AuthnStatement>';
const ATTRIBUTES = ['email', 'name'].map((name) => ({
  name,
  valueTag: `user.${name}`,
  nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
  valueXsiType: 'xs:string',
}));

let idp;
let sp;
let configured;
let faults = {};
const seen = [];
const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    seen.push({ refused: String(error?.message ?? error) });
    response.writeHead(400).end(`samlify refuses: ${error?.message ?? error}`);
  });
});
const address = await listen(server);

function start(options) {
  configured = options;
  const { keys, pool } = options;
  samlify.setSchemaValidator(options.bySchema ? validator : { validate: async () => 'not asked for' });
  idp = samlify.IdentityProvider({
    entityID: `${address}/metadata`,
    privateKey: keys.private,
    signingCert: keys.certificate,
    singleSignOnService: [{ Binding: REDIRECT, Location: `${address}/sso` }],
    singleLogoutService: [{ Binding: REDIRECT, Location: `${address}/slo` }],
    nameIDFormat: ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
    wantAuthnRequestsSigned: true,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    loginResponseTemplate: {
      context: SamlLib.defaultLoginResponseTemplate.context.replace('{AuthnStatement}', AUTHENTICATED),
      attributes: ATTRIBUTES,
    },
    ...options.idp,
  });
  sp = samlify.ServiceProvider({
    entityID: pool.entityId,
    signingCert: pool.signingCertificate,
    encryptCert: pool.encryptionCertificate ?? undefined,
    authnRequestsSigned: true,
    assertionConsumerService: [{ Binding: POST, Location: `${pool.address}/saml2/idpresponse` }],
    singleLogoutService: [{ Binding: POST, Location: `${pool.address}/saml2/logout` }],
    wantAssertionsSigned: true,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    ...options.sp,
  });
}

// What a browser's address carries, and the very characters that are signed.
function received(request) {
  const { search, searchParams } = new URL(request.url, address);
  return { query: Object.fromEntries(searchParams), octetString: search.slice(1).split('&Signature=')[0] };
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, address);
  const { query, octetString } = received(request);
  response.setHeader('content-type', 'text/html');
  if (pathname === '/metadata') {
    response.setHeader('content-type', 'application/samlmetadata+xml');
    response.statusCode = faults.status ?? 200;
    response.end(faults.filler ? ' '.repeat(faults.filler) : idp.getMetadata());
  } else if (pathname === '/sso') {
    const { extract } = await idp.parseLoginRequest(sp, 'redirect', { query, octetString });
    seen.push(extract);
    if (request.method === 'GET') {
      response.end('<link rel=icon href="data:,"><title>Sign in elsewhere</title><form method=post>'
        + '<input name=name><button>Sign in</button></form>');
      return;
    }
    let body = '';
    for await (const part of request) body += part;
    const name = new URLSearchParams(body).get('name');
    response.end(posting(await responseTo({ extract }, name), query.RelayState));
  } else if (pathname === '/slo' && query.SAMLResponse) {
    seen.push((await idp.parseLogoutResponse(sp, 'redirect', { query, octetString })).extract);
    response.end('<link rel=icon href="data:,"><title>Signed out elsewhere</title>');
  } else if (pathname === '/slo') {
    const asked = await idp.parseLogoutRequest(sp, 'redirect', { query, octetString });
    seen.push(asked.extract);
    response.end(posting(idp.createLogoutResponse(sp, asked, 'post', query.RelayState), query.RelayState));
  } else {
    response.writeHead(404).end();
  }
}

function responseTo(request, name) {
  const now = Date.now();
  const inFiveMinutes = new Date(now + 300_000).toISOString();
  const id = idp.entitySetting.generateID();
  const consumer = sp.entityMeta.getAssertionConsumerService('post');
  const tags = {
    ID: id,
    AssertionID: idp.entitySetting.generateID(),
    Destination: consumer,
    SubjectRecipient: consumer,
    Audience: sp.entityMeta.getEntityID(),
    Issuer: idp.entityMeta.getEntityID(),
    IssueInstant: new Date(now).toISOString(),
    StatusCode: Constants.StatusCode.Success,
    ConditionsNotBefore: new Date(now).toISOString(),
    ConditionsNotOnOrAfter: inFiveMinutes,
    SubjectConfirmationDataNotOnOrAfter: inFiveMinutes,
    NameIDFormat: idp.entitySetting.nameIDFormat[0],
    NameID: name,
    SessionIndex: `session-of-${name}`,
    InResponseTo: request?.extract.request.id,
    attrUserEmail: `${name}@provider.example`,
    attrUserName: name,
    ...faults.tags,
  };
  const context = (template) => ({ id, context: SamlLib.replaceTagsByValue(template, tags) });
  return idp.createLoginResponse(sp, request, 'post', {}, {
    customTagReplacement: context,
    encryptThenSign: Boolean(configured.encryptThenSign),
  });
}

function posting({ context, entityEndpoint, type }, relayState) {
  const fields = { [type]: context, ...(relayState ? { RelayState: relayState } : {}) };
  const inputs = Object.entries(fields).map(([name, value]) => `<input type=hidden name=${name} value="${value}">`);
  return `<link rel=icon href="data:,"><title>Go back</title><form method=post action="${entityEndpoint}">`
    + `${inputs.join('')}<button>Go back</button></form>`;
}

await takeOrders(async ({ configure, fault, give }) => {
  if (configure) start(configure);
  if (configure || fault) faults = fault ?? {};
  if (give?.unasked) return (await responseTo(null, give.unasked)).context;
  if (give?.goodbye) return idp.createLogoutRequest(sp, 'post', { logoutNameID: give.goodbye }).context;
  return give === 'seen' ? seen.splice(0) : address;
});
