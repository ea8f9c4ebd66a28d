# bash completion of Ozma's commands, made by: oz completion bash

_ozma_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_ozma_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_ozma() {
  local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}
  local command=${COMP_WORDS[0]##*/} at=1
  COMPREPLY=()
  # bash cuts --option=value into three words
  if [[ $cur == '=' ]]; then
    cur=
  elif [[ $option == '=' ]]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  fi
  # of letters in a bundle such as -ugi the last one takes the value
  [[ $option == -[!-]?* ]] && option=-${option: -1}
  while (( at < COMP_CWORD )); do
    case "$command ${COMP_WORDS[at]}" in
      'oz os'|'oz os detect'|'oz os devices'|'oz os list'|'oz os script'|'oz os show'|'oz completion'|'oz doctor'|'oz plan'|'oz check'|'oz migrate')
        command+=" ${COMP_WORDS[at]}" ;;
      *) break ;;
    esac
    (( at++ ))
  done
  case $command in
    'oz os')
      case $option in
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-h --help --color --version'; return; }
      _ozma_words 'list show devices detect script'
      ;;
    'oz os detect')
      case $option in
        -t|--type) _ozma_words 'media tree'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-t --type -a --all --json -h --help --color --version'; return; }
      _ozma_files -f
      ;;
    'oz os devices')
      case $option in
        --platform) :; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '--platform --json -h --help --color --version'; return; }
      :
      ;;
    'oz os list')
      case $option in
        --family) :; return ;;
        --distro) :; return ;;
        --vendor) :; return ;;
        -f|--fields) :; return ;;
        -s|--sort) :; return ;;
        --of) _ozma_words 'os platform device deployment'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '--family --distro --vendor -f --fields -s --sort --of --json -h --help --color --version'; return; }
      :
      ;;
    'oz os script')
      case $option in
        -p|--profile) :; return ;;
        -c|--config) :; return ;;
        -f|--config-file) _ozma_files -f; return ;;
        -s|--source) _ozma_words 'media network tree'; return ;;
        -d|--output-dir) _ozma_files -d; return ;;
        -P|--prefix) :; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-p --profile -c --config -f --config-file -s --source -d --output-dir -P --prefix --list-config --list-profiles --list-injection-methods --json -h --help --color --version'; return; }
      :
      ;;
    'oz os show')
      case $option in
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '--json -h --help --color --version'; return; }
      :
      ;;
    'oz completion')
      case $option in
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-h --help --color --version'; return; }
      _ozma_words 'bash zsh fish'
      ;;
    'oz doctor')
      case $option in
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-c --config -d --debug -h --help --json --backend --color --version'; return; }
      :
      ;;
    'oz-install')
      case $option in
        -a|--auto) _ozma_files -f; return ;;
        -b|--disk-bus) _ozma_words 'virtio ide sata scsi usb'; return ;;
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        -i|--icicle) _ozma_files -f; return ;;
        -m|--mac-address) :; return ;;
        -n|--network-device) :; return ;;
        -s|--disk) _ozma_files -f; return ;;
        -t|--timeout) :; return ;;
        -x|--xmlfile) _ozma_files -f; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --on-error) _ozma_words 'cleanup keep'; return ;;
        --progress) _ozma_words 'auto plain bar none'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-a --auto -b --disk-bus -c --config -d --debug -f --force-download -g --generate-icicle -h --help -i --icicle -m --mac-address -n --network-device -p --cleanup -s --disk -t --timeout -u --customize -x --xmlfile --json --backend --on-error --progress --color --version'; return; }
      _ozma_files -f
      ;;
    'oz-customize')
      case $option in
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        -m|--mac-address) :; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --on-error) _ozma_words 'cleanup keep'; return ;;
        --progress) _ozma_words 'auto plain bar none'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-c --config -d --debug -h --help -m --mac-address --json --backend --on-error --progress --color --version'; return; }
      _ozma_files -f
      ;;
    'oz-generate-icicle')
      case $option in
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        -i|--icicle) _ozma_files -f; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --on-error) _ozma_words 'cleanup keep'; return ;;
        --progress) _ozma_words 'auto plain bar none'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-c --config -d --debug -h --help -i --icicle --json --backend --on-error --progress --color --version'; return; }
      _ozma_files -f
      ;;
    'oz-cleanup-cache')
      case $option in
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-c --config -d --debug -f --force -h --help --backend -y --yes --color --version'; return; }
      :
      ;;
    'oz plan')
      case $option in
        -a|--auto) _ozma_files -f; return ;;
        -b|--disk-bus) _ozma_words 'virtio ide sata scsi usb'; return ;;
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        -i|--icicle) _ozma_files -f; return ;;
        -m|--mac-address) :; return ;;
        -n|--network-device) :; return ;;
        -s|--disk) _ozma_files -f; return ;;
        -t|--timeout) :; return ;;
        -x|--xmlfile) _ozma_files -f; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-a --auto -b --disk-bus -c --config -d --debug -f --force-download -g --generate-icicle -h --help -i --icicle -m --mac-address -n --network-device -p --cleanup -s --disk -t --timeout -u --customize -x --xmlfile --json --backend --color --version'; return; }
      _ozma_files -f
      ;;
    'oz check')
      case $option in
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-c --config -d --debug -h --help --json --backend --color --version'; return; }
      _ozma_files -f
      ;;
    'oz migrate')
      case $option in
        -c|--config) _ozma_files -f; return ;;
        -d|--debug) :; return ;;
        -o|--output) _ozma_files -d; return ;;
        --backend) _ozma_words 'libvirt openstack'; return ;;
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-c --config -d --debug -h --help -o --output --backend --in-place --color --version'; return; }
      _ozma_files -f
      ;;
    'oz')
      case $option in
        --color) _ozma_words 'auto always never'; return ;;
      esac
      [[ $cur == -* ]] && { _ozma_words '-h --help --color --version'; return; }
      _ozma_words 'plan check migrate doctor completion os'
      ;;
  esac
}

complete -F _ozma oz-install oz-customize oz-generate-icicle oz-cleanup-cache oz
