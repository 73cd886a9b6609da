# Prints FILE:LINE:CODE of C files, comments gone and literals emptied, so that
# a check cannot trip over a word in a sentence.
FNR == 1 { in_comment = 0 }
{ print FILENAME ":" FNR ":" code_of($0) }

function code_of(s,    out, opener)
{
    while (s != "") {
        if (in_comment) {
            if (!match(s, /\*\//))
                return out
            in_comment = 0
            s = substr(s, RSTART + 2)
        } else if (match(s, /\/\*|\/\/|"|'/)) {
            opener = substr(s, RSTART, RLENGTH)
            out = out substr(s, 1, RSTART - 1)
            s = substr(s, RSTART + RLENGTH)
            if (opener == "//")
                return out
            if (opener == "/*") {
                in_comment = 1
            } else {
                out = out opener opener
                s = past_literal(s, opener)
            }
        } else {
            return out s
        }
    }
    return out
}

function past_literal(s, quote,    token)
{
    while (match(s, /\\.|["']/)) {
        token = substr(s, RSTART, RLENGTH)
        s = substr(s, RSTART + RLENGTH)
        if (token == quote)
            return s
    }
    return ""
}
