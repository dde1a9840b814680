-- Whether content is of a type, and larger, than a session takes at all: it says for types, maybe with an
-- asterisk, above which size it rejects them.
local function is_rejected(rejects, content_type, size)
    local media_type = content_type:lower():match('^%s*([^;%s]*)')
    for named, most in rejects:gmatch('(%S+) (%d+)') do
        local beginning = named:match('^(.*)%*$')
        local is_named = named == media_type
            or beginning and media_type:sub(1, #beginning) == beginning
        if is_named and size > tonumber(most) then
            return true
        end
    end
    return false
end
