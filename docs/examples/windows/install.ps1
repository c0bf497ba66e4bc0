# Installs the agent on Windows as a task of its own account. Not run in any test: see README.md.
#Requires -RunAsAdministrator
param(
    [Parameter(Mandatory)] [string] $Executable,      # countersign-agent.exe, of npm run build:agent -- --sea
    [Parameter(Mandatory)] [string] $Configuration    # agent.json
)
$ErrorActionPreference = 'Stop'

$program = Join-Path $env:ProgramFiles 'Countersign'
$data = Join-Path $env:ProgramData 'Countersign'
$state = Join-Path $data 'state'
New-Item -ItemType Directory -Force -Path $program, $data, $state | Out-Null
Copy-Item $Executable (Join-Path $program 'countersign-agent.exe') -Force
Copy-Item $Configuration (Join-Path $data 'agent.json') -Force

# The folder that programs read: administrators and the agent (LOCAL SERVICE) write, everybody reads.
icacls $data /inheritance:r /grant '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' '*S-1-5-19:(OI)(CI)M' '*S-1-5-32-545:(OI)(CI)RX' | Out-Null
# The configuration says whom to believe: the agent reads it alone.
icacls (Join-Path $data 'agent.json') /inheritance:r /grant '*S-1-5-32-544:F' '*S-1-5-18:F' '*S-1-5-19:R' | Out-Null
# Key, licence and denial: nobody else.
icacls $state /inheritance:r /grant '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' '*S-1-5-19:(OI)(CI)M' | Out-Null

$action = New-ScheduledTaskAction -Execute (Join-Path $program 'countersign-agent.exe') -Argument 'run'
$trigger = New-ScheduledTaskTrigger -AtStartup
$principal = New-ScheduledTaskPrincipal -UserId 'NT AUTHORITY\LOCAL SERVICE' -LogonType ServiceAccount
$settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew
Register-ScheduledTask -TaskName 'Countersign agent' -Action $action -Trigger $trigger -Principal $principal -Settings $settings -Force | Out-Null
Start-ScheduledTask -TaskName 'Countersign agent'
