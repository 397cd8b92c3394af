# Completion of posthaste(8) for fish. Made by `make generate`: change that.

# The sections of the file that would be read.
function __posthaste_profiles
    set -l words (commandline -opc)
    set -l files $POSTHASTE_CONFIG
    if test (count $words) -gt 2; and test $words[2] = --config
        set files (string replace -r '^~/' "$HOME/" -- $words[3])
    end
    set -l home $XDG_CONFIG_HOME
    test -n "$home"; or set home ~/.config
    for file in $files $home/posthaste/posthaste.ini \
            /etc/posthaste/posthaste.ini
        if test -r $file
            string replace -rf '^\[(.*)\]\s*$' '$1' <$file
            return
        end
    end
end

# --config can only be the very first word, with its value behind it.
function __posthaste_is_first
    set -l words (commandline -opc)
    contains -- "$words[2..-1]" '' --config
end

# Long options come before all others.
function __posthaste_takes_long
    not string match -qr -- '^-[^-]|^--$' (commandline -opc)[2..-1]
end

# Behind the value of --import.
function __posthaste_takes_file
    set -l words (commandline -opc)
    test (count $words) -gt 2; and test $words[-2] = --import
end

complete -c posthaste -f
complete -c posthaste -n __posthaste_takes_file -F
complete -c posthaste -n __posthaste_is_first -l config -rF -d 'the profile file (only as the very first word)'
complete -c posthaste -n __posthaste_takes_long -l profile -x -a '(__posthaste_profiles)' -d 'the section of it'
complete -c posthaste -n __posthaste_takes_long -l check -d 'speak with the relay, up to the recipient that is named, and send nothing'
complete -c posthaste -n __posthaste_takes_long -l warn-expiry -x -d 'with --check: the days its certificate has to last'
complete -c posthaste -n __posthaste_takes_long -l print-config -d 'the profile that would be used, and where each key is set'
complete -c posthaste -n __posthaste_takes_long -l list-profiles -d 'the file\'s profiles, a line each'
complete -c posthaste -n __posthaste_takes_long -l configure -x -d 'a profile file for a mail account'
complete -c posthaste -n __posthaste_takes_long -l import -x -a 'msmtprc ssmtp nullmailer dma git' -d 'a profile file out of another program\'s'
complete -c posthaste -n __posthaste_takes_long -l dry-run -d 'show profile, envelope and header'
complete -c posthaste -n __posthaste_takes_long -l json -d 'what came of it, as one line on standard error'
complete -c posthaste -n __posthaste_takes_long -l queue -d 'list what waits in the spools'
complete -c posthaste -n __posthaste_takes_long -l flush -d 'deliver that now, or one of it'
complete -c posthaste -n __posthaste_takes_long -l print-id -d 'the relay\'s id of the message on standard output'
complete -c posthaste -n __posthaste_takes_long -l help -d 'this, or the version'
complete -c posthaste -n __posthaste_takes_long -l version -d 'this, or the version'
complete -c posthaste -s t -d 'recipients from To, Cc and Bcc too'
complete -c posthaste -s i -d 'a line of a single dot doesn\'t end the message'
complete -c posthaste -o oi -d 'a line of a single dot doesn\'t end the message'
complete -c posthaste -s f -x -d 'the envelope\'s sender'
complete -c posthaste -s r -x -d 'the envelope\'s sender'
complete -c posthaste -s F -x -d 'full name for a From header that is missing'
complete -c posthaste -s B -x -a '7BIT 8BITMIME' -d 'the message\'s body type'
complete -c posthaste -s L -x -d 'the tag of the log line'
complete -c posthaste -s N -x -a 'never success failure delay' -d 'notifications (DSN): success,failure,delay or never'
complete -c posthaste -s R -x -a 'hdrs full' -d 'what they return of the message: hdrs or full'
complete -c posthaste -s V -x -d 'an id of yours for them'
complete -c posthaste -s v -d 'a transcript on standard error, without secrets'
complete -c posthaste -o bm -d 'deliver a message (the default)'
complete -c posthaste -o bs -d 'SMTP on standard input and output'
complete -c posthaste -o bp -d 'mailq: list what waits in the spools'
complete -c posthaste -o bi -d 'newaliases: check the aliases file'
complete -c posthaste -s q -d 'deliver what is due in the spools'
