/**
 * The options that a connection string may carry (MongoDB's connection string reference). They also
 * tell where a password that holds `@`, `/` and `?` ends.
 *
 * @module
 */

/** The driver gets these. */
const PASSED = `
  appName authMechanism authMechanismProperties authSource directConnection family loadBalanced
  localThresholdMS replicaSet srvMaxHosts
  srvServiceName ssl tls tlsAllowInvalidCertificates tlsAllowInvalidHostnames tlsCAFile tlsCRLFile
  tlsCertificateKeyFile tlsCertificateKeyFilePassword tlsInsecure
`;

/**
 * Settings of other drivers, of older ones, or of how Whisper itself uses the server. They mean
 * nothing here, and the driver would refuse or warn of some.
 */
const IGNORED = `
  compressors connectTimeoutMS enableUtf8Validation forceServerObjectId heartbeatFrequencyMS
  ignoreUndefined j journal keepAlive keepAliveInitialDelay maxConnecting maxIdleTimeMS maxPoolSize
  maxStalenessSeconds minHeartbeatFrequencyMS minPoolSize monitorCommands noDelay poolSize
  readConcernLevel readPreference readPreferenceTags retryReads retryWrites serverMonitoringMode
  serverSelectionTimeoutMS socketTimeoutMS sslValidate timeoutMS
  tlsDisableCertificateRevocationCheck tlsDisableOCSPEndpointCheck useNewUrlParser
  useUnifiedTopology uuidRepresentation w waitQueueMultiple waitQueueTimeoutMS wtimeout wtimeoutMS
  zlibCompressionLevel
`;

/** Of the driver's own way through a proxy: only `--proxy` gives up all other hosts. */
const PROXY = "proxyHost proxyPassword proxyPort proxyUsername";

/** Of old drivers, and they matter: the connection would be another one without them. */
const REFUSED = "gssapiServiceName sslCA sslCert sslKey sslPass tlsCertificateFile";

const LISTS = { passed: PASSED, ignored: IGNORED, proxy: PROXY, refused: REFUSED };

/** The list that each name is in, in lower case. */
const KINDS: ReadonlyMap<string, keyof typeof LISTS> = new Map(
  (Object.keys(LISTS) as (keyof typeof LISTS)[]).flatMap((kind) =>
    LISTS[kind].toLowerCase().trim().split(/\s+/).map((name) => [name, kind] as const)
  ),
);

/**
 * What becomes of an option, by its name in any case: `passed` to the driver, `ignored`, or an error.
 *
 * @returns undefined for what is the name of no option of any driver.
 */
export function optionKind(name: string): keyof typeof LISTS | undefined {
  return KINDS.get(name.toLowerCase());
}
