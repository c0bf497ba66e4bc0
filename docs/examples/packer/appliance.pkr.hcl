# An image of an appliance, with the agent in it. See README.md.

packer {
  required_plugins {
    azure = {
      source  = "github.com/hashicorp/azure"
      version = "~> 2"
    }
  }
}

variable "subscription_id" {
  type = string
}

variable "resource_group" {
  type        = string
  description = "Where the image is written."
}

variable "location" {
  type    = string
  default = "westeurope"
}

variable "agent_deb" {
  type        = string
  description = "countersign-agent_VERSION_amd64.deb, of npm run build:agent -- --deb"
}

source "azure-arm" "appliance" {
  use_azure_cli_auth                = true
  subscription_id                   = var.subscription_id
  location                          = var.location
  vm_size                           = "Standard_D2s_v5"
  os_type                           = "Linux"
  image_publisher                   = "Debian"
  image_offer                       = "debian-12"
  image_sku                         = "12-gen2"
  managed_image_name                = "appliance-{{timestamp}}"
  managed_image_resource_group_name = var.resource_group
}

build {
  sources = ["source.azure-arm.appliance"]

  provisioner "file" {
    source      = var.agent_deb
    destination = "/tmp/countersign-agent.deb"
  }

  provisioner "file" {
    source      = "agent.json"
    destination = "/tmp/agent.json"
  }

  provisioner "file" {
    source      = "gateway.service"
    destination = "/tmp/gateway.service"
  }

  # The VM that builds the image must take no seat: the agent gets its configuration after it was stopped.
  provisioner "shell" {
    execute_command = "sudo sh -eux '{{ .Path }}'"
    inline = [
      "apt-get update",
      "apt-get install -y /tmp/countersign-agent.deb",
      "systemctl stop countersign-gate.path countersign-gate.timer countersign.service",
      "install -o root -g root -m 0644 /tmp/agent.json /etc/countersign/agent.json",
      "install -o root -g root -m 0644 /tmp/gateway.service /etc/systemd/system/gateway.service",
      "systemctl enable gateway.service",
      "rm /tmp/countersign-agent.deb /tmp/agent.json /tmp/gateway.service",
    ]
  }

  # Last: no key, no licence and no machine id may be in the image.
  provisioner "shell" {
    execute_command = "sudo sh -eux '{{ .Path }}'"
    inline = [
      "countersign-agent wipe --yes",
      "truncate --size 0 /etc/machine-id",
      "/usr/sbin/waagent -force -deprovision+user && export HISTSIZE=0 && sync",
    ]
  }
}
