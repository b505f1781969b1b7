// What somebody may do, and for which company, in their tokens: so that an API has nothing to look up.
//
// The same file runs in AWS Lambda. Which companies machines work for is in machines.json: {"client ID": ["company"]}.

import { readFileSync } from "node:fs";

const PERMISSIONS = {
  readers: ["article:read"],
  editors: ["article:read", "article:write"],
};

export const handler = async (event) => {
  const isMachine = event.triggerSource === "TokenGeneration_ClientCredentials";
  const claims = isMachine ? ofMachine(event) : ofPerson(event);
  // Who throws gives no tokens; what it says is told to the application.
  if (!claims.company) throw new Error("no company");
  event.response.claimsAndScopeOverrideDetails = {
    accessTokenGeneration: { claimsToAddOrOverride: claims },
    // Applications that only show who it is need no telephone number.
    idTokenGeneration: { claimsToAddOrOverride: claims, claimsToSuppress: ["phone_number", "phone_number_verified"] },
  };
  return event;
};

function ofPerson({ request }) {
  const groups = request.groupConfiguration.groupsToOverride ?? [];
  const permissions = new Set(groups.flatMap((group) => (Object.hasOwn(PERMISSIONS, group) ? PERMISSIONS[group] : [])));
  // An attribute that administrators alone may write: what people can write themselves says nothing of their rights.
  return { company: request.userAttributes["custom:company"], permissions: [...permissions].sort() };
}

function ofMachine({ callerContext, request }) {
  const machines = JSON.parse(readFileSync(new URL("machines.json", import.meta.url)));
  const companies = Object.hasOwn(machines, callerContext.clientId) ? machines[callerContext.clientId] : [];
  // `clientMetadata` is the machine's own word: it may choose among its companies, and not one more.
  const wanted = request.clientMetadata?.company ?? companies[0];
  return { company: companies.includes(wanted) ? wanted : undefined };
}
