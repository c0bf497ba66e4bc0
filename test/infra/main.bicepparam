using '../../infra/main.bicep'

// What the snapshot is made with: an invented vendor. The names in the snapshot are derived from these values alone.
param environmentName = 'production'
param location = 'westeurope'
param issuer = 'https://licences.vendor.example'

// Chance in a real deployment.
param challengeSeed = '00000000-0000-4000-8000-000000000001'
param challengeSeed2 = '00000000-0000-4000-8000-000000000002'
