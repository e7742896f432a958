"""What people say on telephones that no hotline was made for: talk, other trades, scraps, noise as words.

It teaches every line to say "that is not mine". A line's own `out_of_scope` comes on top; a sentence
here that a line does deal with is left out for that line (`intents.learn`).
"""

from __future__ import annotations

from collections.abc import Mapping

ZH = """
今天外面热不热|最近老是下雪|你是人还是电脑|你几岁了|你住在哪里|你们老板姓什么|讲个故事给我听|唱一首歌
背一首唐诗|猜个谜语|你喜欢吃什么|你有没有女朋友|我今天心情不好|我失恋了|我好无聊陪我聊聊天|你真聪明
你说话真好听|你是不是傻|我不喜欢你|哈哈哈哈|昨晚的球赛谁赢了|哪个队进了决赛|彩票开奖号码是多少
现在黄金什么价|房价会不会跌|人民币汇率多少|买哪只基金好|我想炒股|最近有什么新闻|谁当选了总统
帮我订一家酒店|帮我叫辆车|给我定明早七点的闹钟|去机场怎么走|高铁票还有吗|飞机晚点了吗|这趟公交停哪里
停车场在哪儿|加油站远不远|导航去公司|我要挂号看牙|感冒了吃什么药|我肚子疼|孩子咳嗽怎么办|疫苗在哪里打
我妈摔了一跤|怎么减肥|我晚上睡不着|医保卡丢了|这个药一天吃几次|流量用完了怎么办|我要办宽带|电视没有信号
电脑开不了机|手机充不进电|微信怎么加好友|这个软件怎么卸载|打印机不出纸|密码锁打不开|路由器怎么设置
我要交电费|煤气费怎么交|物业什么时候来修|楼上漏水了|电梯坏了|小区停水|我想租房子|搬家多少钱
请个保姆要多少钱|垃圾怎么分类|这道数学题怎么做|一公里等于多少米|地球离月亮多远|英语单词怎么背
孩子上哪个学校好|论文怎么写|法国的首都是哪里|谁写了西游记|驾照怎么考|护照去哪里办|晚饭吃什么好
鱼怎么烧才好吃|饺子馅怎么调|附近的火锅店|我想喝奶茶|菜太咸了|这家餐厅要排队吗|西瓜多少钱一斤|米饭夹生了
蛋糕怎么做|把灯关掉|打开电视|音乐放大一点声|有人敲门|孩子别闹|妈你过来一下|我在开会呢|我在路上堵着呢
吃完饭再说|你把窗户关上|这件衣服有红色吗|模特多高|面料是纯棉的吗|这个能便宜点吗|有没有赠品|保修几年
怎么安装|尺寸是多大|能开多少瓦|用什么电池|我要贷款|利息是多少|信用卡怎么办理|我要买保险|理财产品有哪些
社保怎么转|公积金提取|个税怎么申报|营业执照怎么办|我要报警|他昨天就这么说的|那个谁不是来过吗
反正就那样吧|我也不知道怎么说|这个事情嘛|你知道吧|大家都这么讲|谢谢大家收看|请不吝点赞订阅转发
下期节目再见|天上有朵云|桌子上有一只杯子|狗追着猫跑|春眠不觉晓|一二三四五六七|吃葡萄|阿弥陀佛
红灯停绿灯行|老虎老虎跑得快|天地玄黄宇宙洪荒
"""

EN = """
is it hot outside today|it has been snowing all week|are you a person or a computer|where do you live
how was your day|tell me a story|sing something for me|what is your favourite food
do you have a girlfriend|I feel sad today|I'm bored, chat with me|you are very clever|you are so dumb
who won the match|what are the lottery numbers|what is the price of gold|should I buy shares
what's in the news|who won the election|book a hotel for me|call me a taxi|set an alarm for seven
how do I get to the airport|is the flight delayed|when is the next bus|where can I park
I want to see a dentist|what should I take for a cold|my stomach hurts|my child has a cough
how can I lose weight|I can't sleep at night|I ran out of mobile data|my internet is down
the computer won't start|my phone doesn't charge|how do I set up the router|the printer is out of paper
I need to pay my electricity bill|there is a leak upstairs|the lift is broken
I'm looking for a flat to rent|how much does moving cost|how do I solve this equation
how far is the moon|who wrote Hamlet|what is the capital of Spain|which school is good
how do I get a passport|what should I have for dinner|how long do I boil eggs
is there a good pizza place near here|the soup is too salty|how much are the apples|turn off the light
open the door|someone is knocking|be quiet kids|I'm in a meeting|I'm stuck in traffic|let's eat first
do you have this in red|is it pure cotton|can you make it cheaper|how long is the warranty
how do I install it|what size is it|I want a loan|what is the interest rate|how do I get a credit card
I want to buy insurance|how do I file my taxes|call the police|he said so yesterday|you know how it is
I don't know how to put it|thanks for watching|see you in the next video|like and subscribe
there is a cup on the table|the dog chases the cat|once upon a time|one two three four five
roses are red|row row row your boat
"""


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for line in text.splitlines() for part in line.split("|") if part.strip())


SENTENCES: Mapping[str, tuple[str, ...]] = {"zh": _sentences(ZH), "en": _sentences(EN)}
"""language -> sentences"""
