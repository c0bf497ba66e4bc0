/**
 * Azure's clouds by their `azEnvironment` name, and the domain in whose name each signs attested documents
 * (Azure Instance Metadata Service, "Attested data").
 */
export const AZURE_CLOUDS = {
  AzurePublicCloud: 'metadata.azure.com',
  AzureUSGovernmentCloud: 'metadata.azure.us',
  AzureChinaCloud: 'metadata.azure.cn',
  /** Closed in 2021; kept for old documents. */
  AzureGermanCloud: 'metadata.microsoftazure.de',
} as const;

/** The cloud of the emulator. Accepted only where the issuer is a loopback address. */
export const EMULATOR_CLOUD = { name: 'emulator', domain: 'metadata.emulator.test' } as const;

export const CLOUD_NAMES: readonly string[] = [...Object.keys(AZURE_CLOUDS), EMULATOR_CLOUD.name];
