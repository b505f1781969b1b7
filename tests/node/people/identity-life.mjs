// amazon-cognito-identity-js: a person from signing up to the end of their account.
import { AuthenticationDetails, CognitoUserAttribute } from 'amazon-cognito-identity-js';
import { answer, given } from '../given.mjs';
import { aBrowser, ask, attributes, aUser, begin, call, claims, signIn, thePool } from './identity.mjs';
import { code, refusal } from './pocket.mjs';

const { username, email, newEmail, password, newPassword, lastPassword } = given;
const browser = aBrowser();
const pool = thePool(browser);
const seen = {};

const signedUp = await call(pool, 'signUp', username, password, attributes({ email, name: 'Ada Lovelace' }), []);
seen.signedUp = {
  confirmed: signedUp.userConfirmed,
  sub: signedUp.userSub,
  delivery: signedUp.codeDeliveryDetails,
};
seen.unconfirmed = await refusal(() => signIn(aUser(username), password));
seen.taken = await refusal(() => call(pool, 'signUp', username, password, [], []));

const user = aUser(username, browser);
await code(email);
seen.resent = await call(user, 'resendConfirmationCode');
const signUpCode = await code(email);
seen.wrongCode = await refusal(() => call(user, 'confirmRegistration', signUpCode === '000000' ? '1' : '000000', false));
seen.confirmed = await call(user, 'confirmRegistration', signUpCode, false);

seen.wrongPassword = await refusal(() => signIn(aUser(username), 'Wrong-Horse-9'));
const signedIn = await signIn(user, password);
const session = signedIn.values[0];
seen.signedIn = { step: signedIn.step, username: user.getUsername(), valid: session.isValid() };
seen.access = claims(session.getAccessToken());
seen.id = claims(session.getIdToken());

// What the browser keeps brings the person back without a password.
const back = thePool(browser).getCurrentUser();
seen.cached = (await call(back, 'getSession')).isValid();

const asObject = (list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
seen.attributes = asObject(await call(user, 'getUserAttributes'));
await call(user, 'updateAttributes', [new CognitoUserAttribute({ Name: 'email', Value: newEmail })]);
await code(newEmail);
await ask(user, 'getAttributeVerificationCode', 'email');
await ask(user, 'verifyAttribute', 'email', await code(newEmail));
await call(user, 'deleteAttributes', ['name']);
seen.changed = asObject(await call(user, 'getUserAttributes'));

const renewed = await call(user, 'refreshSession', session.getRefreshToken());
seen.renewed = claims(renewed.getAccessToken());

await call(user, 'changePassword', password, newPassword);
seen.oldPassword = await refusal(() => signIn(aUser(username), password));
seen.plain = (await signIn(aUser(username), newPassword, 'USER_PASSWORD_AUTH')).step;

const forgetful = aUser(username);
seen.forgot = (await ask(forgetful, 'forgotPassword')).step;
await begin((callbacks) =>
  code(newEmail).then((resetCode) => forgetful.confirmPassword(resetCode, lastPassword, callbacks)),
);
const elsewhere = aUser(username);
seen.recovered = (await signIn(elsewhere, lastPassword)).step;

// Signing out of one browser ends the tokens of that browser alone.
const token = elsewhere.getSignInUserSession().getRefreshToken();
await call(elsewhere, 'signOut');
seen.revoked = await refusal(() => call(aUser(username), 'refreshSession', token));
seen.others = asObject(await call(user, 'getUserAttributes')).email;

const accessToken = user.getSignInUserSession();
await ask(user, 'globalSignOut');
const ghost = aUser(username);
ghost.setSignInUserSession(accessToken);
seen.signedOut = await refusal(() => call(ghost, 'getUserAttributes'));
seen.noRefresh = await refusal(() => call(aUser(username), 'refreshSession', session.getRefreshToken()));

const last = aUser(username);
await ask(last, 'authenticateUser', new AuthenticationDetails({ Username: username, Password: lastPassword }));
await call(last, 'deleteUser');
seen.deleted = await refusal(() => signIn(aUser(username), lastPassword));

answer(seen);
