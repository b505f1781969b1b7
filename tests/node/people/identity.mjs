// amazon-cognito-identity-js with promises in place of its callbacks, pointed at the server that the test gives.
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js';
import { given } from '../given.mjs';

// One browser's storage: what a device remembers.
class Storage {
  constructor() {
    this.items = new Map();
  }
  setItem = (key, value) => this.items.set(key, value);
  getItem = (key) => this.items.get(key) ?? null;
  removeItem = (key) => this.items.delete(key);
  clear = () => this.items.clear();
}

export const aBrowser = () => new Storage();

export const thePool = (browser = aBrowser()) =>
  new CognitoUserPool({
    UserPoolId: given.poolId,
    ClientId: given.clientId,
    endpoint: given.endpoint,
    Storage: browser,
  });

export const aUser = (Username, browser = aBrowser()) =>
  new CognitoUser({ Username, Pool: thePool(browser), Storage: browser });

export const attributes = (values) =>
  Object.entries(values).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));

// A method that ends with `callback(error, result)`.
export const call = (it, method, ...args) =>
  new Promise((resolve, reject) => {
    it[method](...args, (error, result) => (error ? reject(error) : resolve(result)));
  });

// A method that ends by one of an object's functions: which of them it was, and with what.
export const ask = (it, method, ...args) => begin((callbacks) => it[method](...args, callbacks));

// The same for those that take more after the callbacks.
export const begin = (start) =>
  new Promise((resolve, reject) => {
    const callbacks = { onFailure: reject };
    for (const step of [
      'onSuccess',
      'mfaRequired',
      'totpRequired',
      'selectMFAType',
      'mfaSetup',
      'newPasswordRequired',
      'customChallenge',
      'inputVerificationCode',
      'associateSecretCode',
    ]) {
      callbacks[step] = (...values) => resolve({ step, values });
    }
    start(callbacks);
  });

export function signIn(user, Password, flow) {
  if (flow) user.setAuthenticationFlowType(flow);
  return ask(user, 'authenticateUser', new AuthenticationDetails({ Username: user.getUsername(), Password }));
}

// What the tokens say, without their signature being looked at.
export const claims = (token) => token.decodePayload();
