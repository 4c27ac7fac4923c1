/**
 * The options that a connection string may carry (MongoDB's connection string reference). They tell
 * where a password that holds `@`, `/` and `?` has its end.
 *
 * @module
 */

const NAMES = `
  appName authMechanism authMechanismProperties authSource compressors connectTimeoutMS
  directConnection enableUtf8Validation family forceServerObjectId gssapiServiceName
  heartbeatFrequencyMS ignoreUndefined journal j keepAlive keepAliveInitialDelay loadBalanced
  localThresholdMS maxConnecting maxIdleTimeMS maxPoolSize maxStalenessSeconds minHeartbeatFrequencyMS
  minPoolSize monitorCommands noDelay poolSize proxyHost proxyPassword proxyPort proxyUsername
  readConcernLevel readPreference readPreferenceTags replicaSet retryReads retryWrites
  serverMonitoringMode serverSelectionTimeoutMS socketTimeoutMS srvMaxHosts srvServiceName ssl sslCA
  sslCert sslKey sslPass sslValidate timeoutMS tls tlsAllowInvalidCertificates
  tlsAllowInvalidHostnames tlsCAFile tlsCRLFile tlsCertificateFile tlsCertificateKeyFile
  tlsCertificateKeyFilePassword tlsDisableCertificateRevocationCheck
  tlsDisableOCSPEndpointCheck tlsInsecure useNewUrlParser useUnifiedTopology uuidRepresentation w
  waitQueueMultiple waitQueueTimeoutMS wtimeout wtimeoutMS zlibCompressionLevel
`;

const OPTIONS: ReadonlySet<string> = new Set(NAMES.toLowerCase().trim().split(/\s+/));

/** True for the name of an option, in any case. */
export function isOption(name: string): boolean {
  return OPTIONS.has(name.toLowerCase());
}
