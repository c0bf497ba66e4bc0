using '../../infra/main.bicep'

// What the snapshot is made with: an invented vendor. The names in the snapshot are derived from these values alone.
param environmentName = 'production'
param location = 'westeurope'
param issuer = 'https://licences.vendor.example'
