-- Posts comments, each with words and from an address of its own, under the stories whose
-- addresses are in the file BENCH_PATHS, in turn. No load may say what another has said: posting
-- the same words twice stores them once.

local paths, number = {}, 0
local form = "&name=Mira+Holt&email=mira%40example.org&website="
local words = "The+ferry+is+how+my+children+get+to+school%2C+so+I+am+glad+that+it+stays.+"
   .. os.getenv("BENCH_LOAD") .. "."

function init()
   for path in io.lines(os.getenv("BENCH_PATHS")) do
      paths[#paths + 1] = path
   end
end

function request()
   number = number + 1
   local address = string.format("10.%d.%d.%d", math.floor(number / 65536) % 256,
      math.floor(number / 256) % 256, number % 256)
   return wrk.format("POST", paths[number % #paths + 1] .. "comments/", {
      ["Content-Type"] = "application/x-www-form-urlencoded",
      ["Sec-Fetch-Site"] = "same-origin",
      ["X-Forwarded-For"] = address,
      ["X-Forwarded-Proto"] = "http",
   }, string.format("comment=%s%d%s", words, number, form))
end
