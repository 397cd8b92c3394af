# Completion of posthaste(8) for bash. Made by `make generate`: change that.

# The sections of the file that would be read.
_posthaste_profiles() {
	local file named=$POSTHASTE_CONFIG
	if [[ ${COMP_WORDS[1]} == --config ]]; then
		named=${COMP_WORDS[2]/#\~\//$HOME/}
	fi
	for file in "$named" \
	    "${XDG_CONFIG_HOME:-$HOME/.config}/posthaste/posthaste.ini" \
	    /etc/posthaste/posthaste.ini; do
		if [[ -r $file ]]; then
			sed -n 's/^\[\(.*\)\][[:blank:]]*$/\1/p' "$file"
			return
		fi
	done
}

_posthaste_files() {
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	compopt -o filenames 2>/dev/null
}

_posthaste() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local long short seen=' ' word i
	COMPREPLY=()
	case $prev in
	--config)
		_posthaste_files
		return ;;
	--profile)
		# compgen -W would run what a name says.
		while IFS= read -r word; do
			[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
		done < <(_posthaste_profiles)
		return ;;
	--warn-expiry)
		return ;;
	--configure)
		return ;;
	--import)
		mapfile -t COMPREPLY < <(compgen -W 'msmtprc ssmtp nullmailer dma git' -- "$cur")
		return ;;
	-f)
		return ;;
	-r)
		return ;;
	-F)
		return ;;
	-B)
		mapfile -t COMPREPLY < <(compgen -W '7BIT 8BITMIME' -- "$cur")
		return ;;
	-L)
		return ;;
	-N)
		mapfile -t COMPREPLY < <(compgen -W 'never success failure delay' -- "$cur")
		return ;;
	-R)
		mapfile -t COMPREPLY < <(compgen -W 'hdrs full' -- "$cur")
		return ;;
	-V)
		return ;;
	esac
	((COMP_CWORD < 3)) || case ${COMP_WORDS[COMP_CWORD - 2]} in
	--import)
		[[ $cur == -* ]] || _posthaste_files ;;
	esac
	# Recipients are anybody's guess.
	[[ $cur == -* ]] || return
	long=' --profile --check --warn-expiry --print-config --list-profiles --configure --import --dry-run --json --queue --flush --print-id --help --version'
	short=' -t -i -oi -f -r -F -B -L -N -R -V -v -bm -bs -bp -bi -q'
	# Long options come once each, before all others; --config is the first.
	((COMP_CWORD > 1)) || long="--config $long"
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--)
			return ;;
		--config | --profile | --warn-expiry | --configure | --import)
			seen+="$word "
			i=$((i + 1)) ;;
		--*)
			seen+="$word " ;;
		*)
			long= ;;
		esac
	done
	for word in $long $short; do
		if [[ $word == "$cur"* && $seen != *" $word "* ]]; then
			COMPREPLY+=("$word")
		fi
	done
}

complete -F _posthaste posthaste
