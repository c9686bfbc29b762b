/** What a broker denies, in the words of who can grant it: the ACL of a request, or what the SASL exchange came to. */

/** By API key: https://kafka.apache.org/documentation/#operations_resources_and_protocols */
const acls: Readonly<Record<number, string>> = {
  0: 'WRITE on the topic',
  1: 'READ on the topic',
  2: 'DESCRIBE on the topic',
  3: 'DESCRIBE on the topic',
  8: 'READ on the group and READ on the topic',
  9: 'DESCRIBE on the group and DESCRIBE on the topic',
  10: 'DESCRIBE on the group',
  19: 'CREATE on the topic',
  20: 'DELETE on the topic',
  22: 'WRITE on the topic',
  32: 'DESCRIBE_CONFIGS on the topic',
};

/** @param api key of the request; undefined where a caller's own words say what it was */
export function aclFor(id: string, api: number | undefined): string | undefined {
  if (!id.endsWith('_AUTHORIZATION_FAILED')) return undefined;
  const acl = api === undefined ? undefined : acls[api];
  return `The user needs ${acl ? `the ACL ${acl}` : 'an ACL'} (docs/02-setup.md, Kafka with SASL and ACLs)`;
}

const saslTexts: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED: 'Correct user or password in kafka.sasl of the region, or create the user at the brokers for this mechanism',
  UNSUPPORTED_SASL_MECHANISM: 'The brokers have another mechanism on this port: correct mechanism in kafka.sasl of the region',
  ILLEGAL_SASL_STATE: 'This port has no SASL: name the port that has it, or take sasl out of kafka of the region',
};

export function saslText(id: string): string | undefined {
  return saslTexts[id];
}
