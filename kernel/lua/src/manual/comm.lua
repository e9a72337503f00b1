---@meta

--- Messages between Lua and a front end's own code, of widgets for example.
comm = {}

--- What a handler gets of a message.
---@class comm.message
---@field data table<string, any> what is said; JSON's null is `perilune.null`
---@field metadata table<string, any>
---@field buffers string[] binary attachments

--- One comm, open until one of its ends closes it.
---@class comm
---@field id string
---@field target string
local instance = {}

--- Opens a comm to the front end. What its handlers print appears below this cell.
---@param target string who is to answer there
---@param data? table<string, any> what is said first
---@param metadata? table<string, any>
---@param buffers? string[] binary attachments
---@return comm comm
function comm.open(target, data, metadata, buffers) end

--- Has a function called when the front end opens a comm to this target.
---@param target string
---@param handler? fun(comm: comm, message: comm.message) what to call; without it nobody answers
function comm.register_target(target, handler) end

--- Has a function called for each message that comes.
---@param handler? fun(comm: comm, message: comm.message)
---@return comm comm the same
function instance:on_msg(handler) end

--- Has a function called when the other end closes the comm.
---@param handler? fun(comm: comm, message: comm.message)
---@return comm comm the same
function instance:on_close(handler) end

--- Sends a message.
---@param data? table<string, any>
---@param metadata? table<string, any>
---@param buffers? string[] binary attachments
function instance:send(data, metadata, buffers) end

--- Has the handlers print below the cell that runs now.
---@return comm comm the same
function instance:place() end

--- Closes the comm. Doing so twice does nothing.
---@param data? table<string, any> the last words
---@param metadata? table<string, any>
---@param buffers? string[] binary attachments
function instance:close(data, metadata, buffers) end
