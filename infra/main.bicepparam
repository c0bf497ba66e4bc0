using 'main.bicep'

// azd sets the first two; the others come from `azd env set NAME value`. What never changes between deployments is set here.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param issuer = readEnvironmentVariable('ISSUER')
param operatorsApiClientId = readEnvironmentVariable('OPERATORS_API_CLIENT_ID', '')

// Given for one run, in the shell alone, and then kept by the vault.
param challengeSecrets = readEnvironmentVariable('CHALLENGE_SECRETS', '')
param signingKey = readEnvironmentVariable('SIGNING_KEY', '')
