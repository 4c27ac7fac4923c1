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
const REFUSED = "gssapiServiceName sslCA sslCert sslKey sslPass tlsCertificateFile " + PROXY;

const passed = setOf(PASSED);
const ignored = setOf(IGNORED);
const refused = setOf(REFUSED);
const proxy = setOf(PROXY);

/** True for an option that names a proxy. */
export function isProxyOption(name: string): boolean {
  return proxy.has(name.toLowerCase());
}

function setOf(names: string): ReadonlySet<string> {
  return new Set(names.toLowerCase().trim().split(/\s+/));
}

/** True for the name of an option of any driver, in any case. */
export function isOption(name: string): boolean {
  return isSupported(name) || refused.has(name.toLowerCase());
}

/** True for an option that Whisper takes, even if it means nothing here. */
export function isSupported(name: string): boolean {
  return passed.has(name.toLowerCase()) || ignored.has(name.toLowerCase());
}

/** True for an option that means something to Whisper's connection. */
export function isPassed(name: string): boolean {
  return passed.has(name.toLowerCase());
}
