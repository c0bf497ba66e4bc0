import { AZURE_CLOUDS, EMULATOR_CLOUD } from '../../contract/clouds.ts';

/*
 * What a fixture may hold as it is: Azure's own vocabulary. Everything else is replaced. Whoever adds to these lists asks
 * whether a customer could choose that value.
 */

/** Public regions, and those of the sovereign clouds. A region that is not listed is replaced, which harms nobody. */
const REGIONS =
  'asia australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth brazilsoutheast ' +
  'canadacentral canadaeast centralindia centralus chilecentral chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3 ' +
  'denmarkeast eastasia eastus eastus2 eastus3 europe francecentral francesouth germanycentral germanynorth germanynortheast ' +
  'germanywestcentral global indonesiacentral israelcentral israelnorthwest italynorth japaneast japanwest jioindiacentral jioindiawest ' +
  'koreacentral koreasouth malaysiawest mexicocentral newzealandnorth northcentralus northeurope norwayeast norwaywest ' +
  'polandcentral qatarcentral southafricanorth southafricawest southcentralus southeastasia southindia spaincentral ' +
  'swedencentral swedensouth switzerlandnorth switzerlandwest taiwannorth uaecentral uaenorth uksouth ukwest usdodcentral ' +
  'usdodeast usgovarizona usgoviowa usgovtexas usgovvirginia westcentralus westeurope westindia westus westus2 westus3';

/** Publishers of platform images. The names of other publishers, and all names of offers, plans and skus, are replaced. */
const PUBLISHERS =
  'almalinux Canonical credativ Debian kinvolk MicrosoftCBLMariner MicrosoftSQLServer MicrosoftWindowsDesktop MicrosoftWindowsServer ' +
  'OpenLogic Oracle RedHat resf SUSE';

const LICENCE_TYPES =
  'RHEL_BASE RHEL_BASESAPAPPS RHEL_BASESAPHA RHEL_BYOS RHEL_EUS RHEL_SAPAPPS RHEL_SAPHA SLES SLES_BYOS SLES_HPC SLES_SAP SLES_STANDARD ' +
  'UBUNTU UBUNTU_PRO Windows_Client Windows_Server';

const oneOf = (words: string): RegExp => new RegExp(`^(?:${words.split(' ').join('|')})$`, 'i');

export const CLOUD = oneOf(Object.keys(AZURE_CLOUDS).join(' '));
export const REGION = oneOf(REGIONS);
export const PUBLISHER = oneOf(PUBLISHERS);
export const LICENCE_TYPE = oneOf(LICENCE_TYPES);
export const BOOLEAN = /^(?:true|false)$/i;
export const SMALL_NUMBER = /^\d{1,5}$/;
export const BIG_NUMBER = /^\d{1,16}$/;
/** Three parts, so that no address is one. */
export const VERSION = /^(?:latest|\d{1,8}\.\d{1,8}\.\d{1,12})$/;
export const VM_SIZE =
  /^(?:Standard|Basic)_[A-Z]{1,3}\d{1,3}(?:-\d{1,3})?[a-z]{0,6}(?:_[A-Z]{1,2}\d{1,4}(?:_[a-z]{1,3})?)?(?:_Promo)?(?:_v\d{1,2})?$/i;
export const OS_TYPE = oneOf('Linux Windows');
export const SECURITY_TYPE = oneOf('TrustedLaunch ConfidentialVM Standard');
export const PRIORITY = oneOf('Regular Low Spot');
export const EVICTION = oneOf('Deallocate Delete');
export const CACHING = oneOf('None ReadOnly ReadWrite');
export const CREATE_OPTION = oneOf('Attach Empty FromImage Copy Restore');
export const STORAGE = oneOf(
  'Standard_LRS StandardSSD_LRS StandardSSD_ZRS Premium_LRS Premium_ZRS PremiumV2_LRS UltraSSD_LRS',
);
export const DISK_OPTION = oneOf('Local CacheDisk ResourceDisk NvmeDisk');
export const PROVIDER = oneOf('Microsoft.Compute');
export const API_VERSION = /^20\d\d-[01]\d-[0-3]\d$/;
export const ENCODING = oneOf('pkcs7');

/** The words of resource ids, at the places where Azure has them. */
export const RESOURCE_WORD = oneOf(
  'subscriptions resourceGroups providers Microsoft\\.Compute Microsoft\\.Network Microsoft\\.ManagedIdentity virtualMachines ' +
    'virtualMachineScaleSets disks images galleries versions communityGalleries sharedGalleries hostGroups hosts availabilitySets ' +
    'proximityPlacementGroups networkInterfaces publicIPAddresses loadBalancers userAssignedIdentities',
);

/** Texts of refusals (Azure Instance Metadata Service, "Errors and debugging"). */
export const REFUSAL =
  /^(?:Not found|Too many requests|Bad request\. (?:api-version is invalid or was not specified in the request|api-version was not specified in the request|api-version is not known|Required metadata header not specified)(?:\. For more information refer to aka\.ms\/azureimds)?)\.?$/;

/** Domains in whose name clouds sign. */
export const SIGNING_DOMAINS: readonly string[] = [...Object.values(AZURE_CLOUDS), EMULATOR_CLOUD.domain];

/** Words of the names of public CAs. A name keeps these and has the rest replaced. */
export const CA_WORD =
  /^(?:Microsoft|DigiCert|Baltimore|CyberTrust|D-TRUST|Countersign|Emulator|Azure|Corporation|Corp|Inc\.?|Inc,?|IT|RSA\d{0,4}|ECC|TLS|SSL|SHA\d{0,3}|Issuing|CA|OCSP|Global|Root|Basic|OV|CN|Cloud|Services|Secure|Server|Class|Second|G\d{1,2}|AOC|US|IE|NL|DE|\d{1,2}|20\d\d)$/;
/** Whose key identifiers name a public CA: the organisation of its name. */
export const CA_ORGANISATION = /^(?:Microsoft Corporation|DigiCert,? Inc\.?)$/;

/** Arcs of public object identifiers. Those with long or many numbers after them can be an organisation's own. */
const ARCS = [
  '1.2.840.113549.1',
  '1.2.840.10045',
  '1.3.6.1.5.5.7',
  '1.3.6.1.4.1.11129.2.4',
  '1.3.6.1.4.1.311',
  '1.3.14.3.2',
  '1.3.132.0',
  '2.5.4',
  '2.5.29',
  '2.16.840.1.101.3.4',
  '2.16.840.1.114412',
  '2.23.140.1',
];

export function isPublicOid(oid: string): boolean {
  return ARCS.some((arc) => oid.startsWith(`${arc}.`) && /^(?:\.\d{1,4}){1,4}$/.test(oid.slice(arc.length)));
}
